// Browsers' signals only ring: the server is asked, and decides.
import { strings } from "./strings.js";
import { connect, follow, START } from "./wait.js";

export { bestMode, connect, follow, isInApp, strings };

// There Google signs nobody in.
const IN_APP = /FBA[NV]|Instagram|Line\/|MicroMessenger|LinkedInApp|Snapchat|TikTok|; wv\)|iP(hone|ad)(?!.*Safari)/;
const isStandalone = () => navigator.standalone || matchMedia("(display-mode: standalone)").matches;
const isInApp = () => !isStandalone() && IN_APP.test(navigator.userAgent);
const isFramed = top !== self;

const bestMode = () => {
  const isPhone = matchMedia("(pointer: coarse)").matches && Math.min(screen.width, screen.height) < 768;
  return !isFramed && (isPhone || isStandalone() || isInApp()) ? "redirect" : "popup";
};

// This tab's own comes first.
const inEach = (act) => {
  for (const place of ["sessionStorage", "localStorage"]) {
    try {
      const found = act(window[place]);
      if (found) return found;
    } catch {}
  }
};
const keep = (key, { attempt, began }) => inEach((store) => void (store[key] = attempt + began));
const forget = (key, { attempt }) => inEach((store) => void (store[key].startsWith(attempt) && delete store[key]));
const kept = (key) =>
  inEach((store) => {
    const [, attempt, began] = store[key].match(/^([\w-]{22})(\d+)$/);
    return Math.abs(Date.now() - began) < 36e5 && { attempt, began: +began };
  });

const OFFERS = {
  waiting: ["show", "again", "cancel"],
  slow: ["show", "again", "here", "cancel"],
  unobservable: ["again", "cancel"],
  verifying: ["cancel"],
  framed: ["copy", "again", "cancel"],
  blocked: ["here", "retry"],
  connected: ["manage"],
  in_app: ["copy"],
};

const make = (tag, facts) => Object.assign(document.createElement(tag), facts);

class HubSpotConnect extends HTMLElement {
  static observedAttributes = ["data-state", "data-account"];

  #pending;
  #last; // tried again in its window, maybe
  #key;
  #resumes;
  #now = ["idle"];
  #hides; // the link, not the app does
  #isHere;
  #watch = new MutationObserver(() => this.#arrange());
  #status = make("p", { tabIndex: -1 });
  #offers = make("p");
  #acts = {
    show: () => this.#pending.show(),
    again: () => this.#begin(),
    retry: () => this.#begin(),
    here: () => {
      this.#isHere = true;
      this.#link.click();
      this.#isHere = false;
    },
    copy: () => {
      const [state, facts] = this.#now;
      getSelection().selectAllChildren(this.querySelector("strong"));
      if (document.execCommand("copy")) this.#enter(state, { ...facts, trouble: "copied" });
    },
    cancel: () => this.#cancel(),
  };

  constructor() {
    super();
    this.#status.dataset.row = this.#offers.dataset.row = "";
    this.#offers.onclick = ({ target }) => this.#acts[target.name]?.();
    this.addEventListener("click", this.#click, true); // before htmx
    for (const type of ["htmx:beforeRequest", "htmx:before:request"])
      this.addEventListener(type, (event) => this.#mode === "popup" && event.preventDefault());
    this.addEventListener("keydown", (event) => {
      if (event.repeat && event.key === "Enter") event.preventDefault(); // held down
      if (event.key === "Escape") this.#cancel();
    });
  }

  connectedCallback() {
    const place = [...this.getRootNode().querySelectorAll(this.localName)].indexOf(this);
    this.#key ??= `portalkey:${location.pathname}:${this.dataset.key ?? place}`;
    const attributeFilter = ["href", "hidden", "state", ...HubSpotConnect.observedAttributes];
    this.#watch.observe(this, { childList: true, subtree: true, attributeFilter });
    if (!this.#pending) {
      this.#hides ??= this.getAttribute("state") in OFFERS;
      this.#resumes = true;
      if (this.#mode === "redirect" && isInApp()) this.#now = ["in_app", { address: location.href }];
      if (location.pathname.endsWith(START)) this.#now = ["failed", { trouble: "intercepted" }];
    }
    this.#arrange();
  }

  attributeChangedCallback() {
    const { state, account } = this.dataset;
    if (!this.#pending) this.#now = [state || "idle", { account }];
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return; // moved
      this.#watch.disconnect();
      this.#last?.leave();
      if (!this.#pending) return;
      this.#pending = null;
      this.attributeChangedCallback();
    });
  }

  // After a snapshot, a morph or a clone.
  #arrange() {
    const rows = [this.#status, this.#offers];
    for (const row of this.querySelectorAll("[data-row]")) if (!rows.includes(row)) row.remove();
    // There before it speaks, or it is not read out.
    if (!this.contains(rows[0])) this.prepend(rows[0]);
    if (!this.contains(rows[1])) this.append(rows[1]);
    this.#enter(...this.#now);
    const before = this.#resumes && kept(this.#key);
    if (before && !this.#link?.pathname.endsWith(START)) return;
    this.#resumes = false;
    if (before) this.#wait(follow, before);
  }

  get #link() {
    return this.querySelector("a:not([name=manage])");
  }

  get #mode() {
    const { mode } = this.dataset;
    return !isFramed && (mode === "popup" || mode === "redirect") ? mode : bestMode();
  }

  get #language() {
    return (this.closest("[lang]") ?? document.documentElement).lang;
  }

  #say(name) {
    return strings[this.#language.split("-")[0].toLowerCase()]?.[name] ?? strings.en[name];
  }

  #click(event) {
    const link = this.#link;
    if (event.detail > 1 && this.#pending) {
      this.#pending.show(); // a double click's second falls on whatever is there now
      event.stopPropagation();
      return event.preventDefault();
    }
    if (!link?.href || event.defaultPrevented || !link.contains(event.target)) return;
    if (link.ariaDisabled === "true") return event.preventDefault();
    const url = new URL(link.href);
    if (this.#language) url.searchParams.set("language", this.#language);
    link.href = url;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (this.#isHere || this.#mode === "redirect") {
      if (!this.#tell("hubspot-connect:begin")) event.preventDefault();
      else if (this.#pending) this.#drop().cancel();
      return;
    }
    event.preventDefault();
    if (this.#pending?.canShow) this.#pending.show();
    else this.#begin();
  }

  #tell(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, composed: true, detail }));
  }

  #begin() {
    if (!this.#tell("hubspot-connect:begin")) return;
    const before = this.#pending;
    this.#wait(connect);
    before?.cancel();
  }

  async #wait(how, before) {
    const enter = (state, trouble) => mine === this.#pending && this.#enter(state, { trouble, address: mine.address });
    const options = { href: this.#link?.href, statusUrl: this.dataset.statusUrl, language: this.#language };
    this.#last?.leave();
    const mine = how({ ...before, ...options, onchange: enter, onagain: (next) => this.#wait(follow, next) });
    this.#pending = this.#last = mine;
    keep(this.#key, mine);
    enter(mine.address ? "framed" : "waiting");
    const detail = await mine;
    if (mine !== this.#pending) return; // started again
    this.#drop();
    const { status, error } = detail;
    if (status === "unknown" && !error) return this.#enter("idle"); // somebody else's
    this.#enter(status, detail);
    if (this.#tell("hubspot-connect", detail) && status === "connected" && "reload" in this.dataset) location.reload();
  }

  #drop() {
    const mine = this.#pending;
    this.#pending = null;
    forget(this.#key, mine);
    return mine;
  }

  async #cancel() {
    const mine = this.#pending;
    if ((await mine?.cancel()) === false && mine === this.#pending) this.#enter(this.#now[0], { trouble: "unreachable" });
  }

  #enter(state, facts = {}) {
    this.#now = [state, facts];
    const link = this.#link;
    const focused = this.getRootNode().activeElement;
    const isOurs = [link, this.#status, ...this.#offers.children].includes(focused);
    this.setAttribute("state", state);
    this.toggleAttribute("declined", facts.error === "declined");
    this.#speak(state, facts);
    const places = this.#offer(state);
    if (link) {
      const hides = state in OFFERS && state !== "in_app";
      if (hides || this.#hides) link.hidden = this.#hides = hides;
      if (!link.hidden) places.push(link);
      link.setAttribute("hx-boost", "false");
      link.dataset.turbo = "false";
      link.referrerPolicy = "same-origin"; // says where we are open at
      if (this.#mode === "popup") link.title ||= this.#say("opens");
    }
    if (isOurs) (places.includes(focused) ? focused : places[0] ?? this.#status).focus();
    this.#watch.takeRecords();
  }

  #speak(state, { trouble, error, message, attempt, account, address }) {
    const failed = /failed|expired|unknown/.test(state);
    const alert = /blocked|framed|in_app/.test(state);
    const code = failed ? `failed:${error}` : state === "connected" && account && "connected_to";
    const text = this.#say(trouble) || this.#say(code) || message || this.#say(state) || "";
    const line = make("span");
    const add = (tag, textContent) => line.append(make(tag, { textContent }));
    const [before, ...after] = text.split("{}");
    line.append(before);
    if (after.length) add("strong", account ?? address);
    line.append(...after);
    if (failed && error && error !== "declined") add("small", ` ${this.#say("reference")} ${attempt}`);
    this.#status.role = alert ? "alert" : "status";
    this.#status.ariaLive = alert || failed ? "assertive" : "polite";
    if (line.textContent !== this.#status.textContent) this.#status.replaceChildren(...(text ? [line] : []));
  }

  #offer(state) {
    const { manageUrl, offerClass } = this.dataset;
    const link = this.#link;
    const can = { show: this.#pending?.canShow, again: link, retry: link, here: link && !isFramed, manage: manageUrl, copy: 1, cancel: 1 };
    const names = (OFFERS[state] ?? []).filter((name) => can[name]);
    const { children } = this.#offers;
    const offers = names.map((name) => {
      const facts = name === "manage" ? { href: manageUrl, className: "pk-button pk-quiet" } : { type: "button" };
      if (offerClass) facts.className = offerClass;
      return Object.assign(children[name] ?? make(facts.href ? "a" : "button"), facts, { name, textContent: this.#say(name) });
    });
    if (offers.length !== children.length || offers.some((offer, place) => offer !== children[place])) this.#offers.replaceChildren(...offers);
    this.#offers.hidden = !offers.length;
    return offers;
  }
}

customElements.define("hubspot-connect", HubSpotConnect);
