// Connect a HubSpot account: <hubspot-connect> around a link, or connect() for a button of your own.
// The law: what a browser signals only rings the doorbell. The server is asked, and its answer alone decides.
import { strings } from "./strings.js";
import { connect, follow } from "./wait.js";

export { bestMode, connect, follow, isInApp, strings };

// Google signs nobody in inside of an app, so neither does HubSpot by Google.
const IN_APP = /FBA[NV]|Instagram|Line\/|MicroMessenger|LinkedInApp|Snapchat|TikTok|; wv\)|iP(hone|ad)(?!.*Safari)/;
const isStandalone = () => navigator.standalone || matchMedia("(display-mode: standalone)").matches;

// The screen, as a page that declares no viewport is laid out wider than it.
const isPhone = () => matchMedia("(pointer: coarse)").matches && Math.min(screen.width, screen.height) < 768;

const isInApp = () => !isStandalone() && IN_APP.test(navigator.userAgent);

/** "redirect" where a popup would become a tab or get lost. */
const bestMode = () => (isInApp() || isStandalone() || isPhone() ? "redirect" : "popup");

// This tab's own attempt comes before another tab's. Where storage is forbidden, a reload forgets.
const PLACES = ["sessionStorage", "localStorage"];

/** Keep the attempt's id and when it began, neither of which opens anything. */
const keep = (key, { attempt, began }) => {
  for (const place of PLACES) {
    try {
      window[place][key] = JSON.stringify({ attempt, began });
    } catch {}
  }
};

const forget = (key, attempt) => {
  for (const place of PLACES) {
    try {
      if (window[place][key]?.includes(attempt)) delete window[place][key];
    } catch {}
  }
};

const kept = (key) => {
  for (const place of PLACES) {
    try {
      const { attempt, began } = JSON.parse(window[place][key]);
      if (/^[\w-]{22}$/.test(attempt) && Math.abs(Date.now() - began) < 36e5) return { attempt, began };
    } catch {}
  }
};

/** What each state offers besides the link. */
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
  #key;
  #pressed = 0;
  #arrivals = new MutationObserver(() => this.#resume());
  #status = document.createElement("p");
  #offers = document.createElement("p");

  constructor() {
    super();
    const acts = {
      show: () => this.#pending.show(),
      again: () => this.#again(),
      retry: () => this.#begin(),
      here: () => this.#drop(),
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
    this.addEventListener("click", this.#click);
    this.addEventListener("keydown", ({ key }) => key === "Escape" && this.#cancel());
  }

  connectedCallback() {
    const place = [...document.querySelectorAll(this.localName)].indexOf(this);
    this.#key = `portalkey:${location.pathname}:${this.dataset.key ?? place}`;
    this.append(this.#status, this.#offers); // there before anything is said, or it is not read out
    this.#enter(this.#mode === "redirect" && isInApp() ? "in_app" : this.dataset.state || "idle");
    this.#arrivals.observe(this, { childList: true, subtree: true, attributeFilter: ["href"] });
    this.#resume();
  }

  /** Go on with what was begun before, once the link is there. */
  #resume() {
    const before = kept(this.#key);
    if (before && !this.#link?.pathname.endsWith("/auth/hubspot/start")) return;
    this.#arrivals.disconnect();
    if (before) this.#wait(follow, before);
  }

  disconnectedCallback() {
    this.#arrivals.disconnect();
    this.#pending?.leave(); // kept: back on the page, it goes on
    this.#pending = null;
  }

  get #link() {
    return this.querySelector("a");
  }

  get #mode() {
    const { mode } = this.dataset;
    return mode === "popup" || mode === "redirect" ? mode : bestMode();
  }

  /** What the page says of its language; where it does not, the server has one of its own. */
  get #lang() {
    return this.closest("[lang]")?.lang ?? "";
  }

  get #language() {
    const tag = this.#lang.split("-")[0].toLowerCase();
    return Object.hasOwn(strings, tag) ? tag : "en";
  }

  #say(name) {
    return strings[this.#language][name] ?? strings.en[name];
  }

  #click(event) {
    const link = event.target.closest("a");
    if (!link || event.defaultPrevented) return;
    const url = new URL(link.href);
    if (this.#lang) url.searchParams.set("language", this.#lang);
    link.href = url;
    // The browser's own ways stay: a new tab, a new window, a download. So does the way in this tab.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link !== this.#link || this.#mode === "redirect" || this.getAttribute("state") === "blocked") return;
    event.preventDefault();
    if (this.#pending?.canShow) this.#pending.show();
    else this.#begin();
  }

  #begin() {
    const before = this.#pending;
    this.#wait(connect);
    before?.cancel().then(before.leave);
  }

  #again() {
    if (Date.now() - this.#pressed < 1e3) return; // a double click, or Enter held down
    this.#pressed = Date.now();
    this.#begin();
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
    const event = new CustomEvent("hubspot-connect", { bubbles: true, cancelable: true, detail });
    if (this.dispatchEvent(event) && detail.status === "connected" && "reload" in this.dataset) location.reload();
  }

  async #cancel() {
    const mine = this.#pending;
    if (mine && !(await mine.cancel()) && mine === this.#pending) this.#status.textContent = this.#say("unreachable");
  }

  /** The person goes on in this tab: what was begun in the window is over. */
  #drop() {
    const mine = this.#pending;
    this.#pending = null;
    if (mine) forget(this.#key, mine.attempt);
    mine?.cancel();
  }

  async #copy() {
    // What cannot be copied is shown.
    const copied = await navigator.clipboard?.writeText(location).then(() => this.#say("copied"), () => {});
    this.#status.textContent = copied || location;
  }

  #enter(state, { trouble, error, message, attempt } = {}) {
    const link = this.#link;
    const failed = state === "failed" || state === "expired";
    const alert = state === "blocked" || state === "in_app";
    this.#status.role = alert ? "alert" : "status";
    this.#status.ariaLive = alert || failed ? "assertive" : "polite";
    const text = this.#say(trouble) || (failed && this.#say(`failed:${error}`)) || message || this.#say(state) || "";
    const reference = failed && error && error !== "declined" ? ` (${this.#say("reference")} ${attempt})` : "";
    const says = text + reference;
    if (says !== this.#status.textContent) this.#status.textContent = says; // a poll repeats nothing aloud
    this.setAttribute("state", state);
    this.toggleAttribute("declined", error === "declined"); // nothing to be red about

    const focused = document.activeElement;
    for (const offer of this.#offers.children) {
      const { name } = offer;
      offer.textContent = this.#say(name);
      offer.hidden = !OFFERS[state]?.includes(name) || (name === "show" && !this.#pending?.canShow);
      if (offer.hidden && offer === focused) link.focus(); // before the browser drops it
      if (link && name === "here") offer.href = link.href;
    }
    this.#offers.hidden = !OFFERS[state];
    if (!link) return;
    link.ariaDisabled = state in OFFERS && !alert; // disabled would lose the focus
    link.ariaBusy = state === "verifying";
    if (this.#mode === "popup") link.title ||= this.#say("opens");
  }
}

customElements.define("hubspot-connect", HubSpotConnect);
