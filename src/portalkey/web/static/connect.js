// <hubspot-connect> around a link, or connect() for a button of your own.
// What a browser signals only rings the doorbell: the server is asked, and decides.
import { strings } from "./strings.js";
import { connect, follow } from "./wait.js";

export { bestMode, connect, follow, isInApp, strings };

// Google signs nobody in inside of an app.
const IN_APP = /FBA[NV]|Instagram|Line\/|MicroMessenger|LinkedInApp|Snapchat|TikTok|; wv\)|iP(hone|ad)(?!.*Safari)/;
const isStandalone = () => navigator.standalone || matchMedia("(display-mode: standalone)").matches;
const isInApp = () => !isStandalone() && IN_APP.test(navigator.userAgent);

/** "redirect" where a popup would become a tab or get lost. */
const bestMode = () => {
  const isPhone = matchMedia("(pointer: coarse)").matches && Math.min(screen.width, screen.height) < 768;
  return isPhone || isStandalone() || isInApp() ? "redirect" : "popup";
};

// This tab's own comes first. Where storage is forbidden, a reload forgets.
const inEach = (act) => {
  for (const place of ["sessionStorage", "localStorage"]) {
    try {
      const found = act(window[place]);
      if (found) return found;
    } catch {}
  }
};

const keep = (key, { attempt, began }) => inEach((store) => void (store[key] = JSON.stringify({ attempt, began })));

const forget = (key, attempt) => inEach((store) => void (store[key].includes(attempt) && delete store[key]));

const kept = (key) =>
  inEach((store) => {
    const { attempt, began } = JSON.parse(store[key]);
    return /^[\w-]{22}$/.test(attempt) && Math.abs(Date.now() - began) < 36e5 && { attempt, began };
  });

const OFFERS = {
  waiting: ["show", "again", "cancel"],
  slow: ["show", "again", "here", "cancel"],
  unobservable: ["again", "cancel"],
  verifying: ["cancel"],
  blocked: ["here", "retry"],
  in_app: ["copy"],
};

class HubSpotConnect extends HTMLElement {
  #pending;
  #pressed = 0; // "Start again", at which moment
  #key;
  #resumes; // once the link is there
  #now; // what was entered last
  #busy;
  #watch = new MutationObserver(() => this.#arrange());
  #status = document.createElement("p");
  #offers = document.createElement("p");

  constructor() {
    super();
    const acts = {
      show: () => this.#pending.show(),
      // A double click, or Enter held down, begins once.
      again: () => Date.now() - this.#pressed < 1e3 || this.#begin((this.#pressed = Date.now())),
      retry: () => this.#begin(),
      here: ({ defaultPrevented }) => defaultPrevented || this.#drop(),
      copy: () => this.#copy(),
      cancel: () => this.#cancel(),
    };
    for (const name in acts) {
      const offer = document.createElement(name === "here" ? "a" : "button");
      if (name !== "here") offer.type = "button";
      offer.name = name;
      offer.addEventListener("click", acts[name]);
      this.#offers.append(offer);
    }
    this.#status.dataset.row = this.#offers.dataset.row = "";
    this.addEventListener("click", this.#click, true); // before htmx
    for (const type of ["htmx:beforeRequest", "htmx:before:request"])
      this.addEventListener(type, (event) => this.#mode === "popup" && event.preventDefault());
    this.addEventListener("keydown", ({ key }) => key === "Escape" && this.#cancel());
  }

  connectedCallback() {
    const place = [...document.querySelectorAll(this.localName)].indexOf(this);
    this.#key ??= `portalkey:${location.pathname}:${this.dataset.key ?? place}`;
    this.#watch.observe(this, { childList: true, subtree: true, attributeFilter: ["href", "state"] });
    if (!this.#pending) {
      this.#busy = this.getAttribute("state") in OFFERS; // of a clone
      this.#now = [this.#mode === "redirect" && isInApp() ? "in_app" : this.dataset.state || "idle"];
      this.#resumes = true;
    }
    this.#arrange();
  }

  /** Put our rows and words in place after a snapshot, a morph or a clone. */
  #arrange() {
    const rows = [this.#status, this.#offers];
    for (const row of this.querySelectorAll("[data-row]")) if (!rows.includes(row)) row.remove();
    // There before anything is said, or it is not read out.
    if (!rows.every((row) => this.contains(row))) this.append(...rows);
    this.#enter(...this.#now);
    this.#resume();
  }

  #resume() {
    const before = this.#resumes && kept(this.#key);
    if (before && !this.#link?.pathname.endsWith("/auth/hubspot/start")) return;
    this.#resumes = false;
    if (before) this.#wait(follow, before);
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return; // it was moved
      this.#watch.disconnect();
      this.#pending?.leave(); // kept: back on the page, it goes on
      this.#pending = null;
    });
  }

  get #link() {
    return this.querySelector("a");
  }

  get #mode() {
    const { mode } = this.dataset;
    return mode === "popup" || mode === "redirect" ? mode : bestMode();
  }

  get #lang() {
    return this.closest("[lang]")?.lang ?? "";
  }

  #say(name) {
    return strings[this.#lang.split("-")[0].toLowerCase()]?.[name] ?? strings.en[name];
  }

  #click(event) {
    const link = event.target.closest("a");
    const isOurs = link === this.#link;
    if (!link?.href || event.defaultPrevented || !(isOurs || link.name === "here")) return;
    if (isOurs && link.ariaDisabled === "true" && !this.#busy) return event.preventDefault();
    const url = new URL(link.href);
    if (this.#lang) url.searchParams.set("language", this.#lang);
    link.href = url;
    // The browser's own ways stay: a new tab, a new window, a download.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const inTab = !isOurs || this.#mode === "redirect" || this.getAttribute("state") === "blocked";
    if (!inTab || !this.#tell("hubspot-connect:begin")) event.preventDefault();
    if (inTab) return;
    if (this.#pending?.canShow) this.#pending.show();
    else this.#begin();
  }

  /** Return false where the app says no. */
  #tell(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, detail }));
  }

  #begin() {
    if (!this.#tell("hubspot-connect:begin")) return;
    const before = this.#pending;
    this.#wait(connect);
    before?.cancel().then(before.leave);
  }

  async #wait(how, before) {
    const mine = how({
      ...before,
      href: this.#link.href,
      statusUrl: this.dataset.statusUrl,
      language: this.#lang,
      onchange: (state, trouble) => mine === this.#pending && this.#enter(state, { trouble }),
    });
    this.#pending = mine;
    keep(this.#key, mine);
    this.#enter("waiting");
    const detail = await mine;
    if (mine !== this.#pending) return; // started again meanwhile
    this.#pending = null;
    forget(this.#key, mine.attempt);
    if (detail.status === "unknown") return this.#enter("idle"); // somebody else's
    this.#enter(detail.status, detail);
    if (this.#tell("hubspot-connect", detail) && detail.status === "connected" && "reload" in this.dataset) location.reload();
  }

  async #cancel() {
    const mine = this.#pending;
    if (mine && !(await mine.cancel()) && mine === this.#pending) this.#enter(this.#now[0], { trouble: "unreachable" });
  }

  #drop() {
    const mine = this.#pending;
    if (!mine) return;
    this.#pending = null;
    forget(this.#key, mine.attempt);
    mine.cancel();
  }

  async #copy() {
    // What cannot be copied is shown.
    const copied = await navigator.clipboard?.writeText(location).then(() => this.#say("copied"), () => {});
    this.#enter("in_app", { message: copied || location });
  }

  #enter(state, facts = {}) {
    const { trouble, error, message, attempt } = facts;
    const link = this.#link;
    this.#now = [state, facts];
    const failed = ["failed", "expired"].includes(state);
    const alert = ["blocked", "in_app"].includes(state);
    this.#status.role = alert ? "alert" : "status";
    this.#status.ariaLive = alert || failed ? "assertive" : "polite";
    const text = this.#say(trouble) || (failed && this.#say(`failed:${error}`)) || message || this.#say(state) || "";
    const says = failed && error && error !== "declined" ? `${text} (${this.#say("reference")} ${attempt})` : text;
    if (says !== this.#status.textContent) this.#status.textContent = says; // a poll repeats nothing aloud
    this.setAttribute("state", state);
    this.toggleAttribute("declined", error === "declined");

    const focused = document.activeElement;
    for (const offer of this.#offers.children) {
      const { name } = offer;
      offer.textContent = this.#say(name);
      offer.hidden = !OFFERS[state]?.includes(name) || (name === "show" && !this.#pending?.canShow);
      if (offer.hidden && offer === focused) link.focus(); // before the browser drops it
      if (link && name === "here") offer.href = link.href;
    }
    this.#offers.hidden = !OFFERS[state];
    for (const each of this.querySelectorAll("a")) {
      each.setAttribute("hx-boost", "false"); // what is opened cannot be swapped in
      each.dataset.turbo = "false";
    }
    if (link) {
      const busy = state in OFFERS && !alert;
      if (busy || this.#busy) link.ariaDisabled = this.#busy = busy; // disabled would lose the focus
      link.ariaBusy = state === "verifying";
      if (this.#mode === "popup") link.title ||= this.#say("opens");
    }
    this.#watch.takeRecords(); // those were our own
  }
}

customElements.define("hubspot-connect", HubSpotConnect);
