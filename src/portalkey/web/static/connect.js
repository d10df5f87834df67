// Connect a HubSpot account in a popup: connect() for a button of your own, <hubspot-connect> around a link.
// The law: what a browser signals only rings the doorbell. The server is asked, and its answer alone decides.
import { strings } from "./strings.js";

export { strings };

const randomId = () =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);

/** Open HubSpot and wait for the end. Call it inside the click, or the window is blocked. */
export function connect({ href, statusUrl, signal, onchange }) {
  signal?.throwIfAborted();
  const attempt = randomId();
  const name = `portalkey:${attempt}`;
  const start = new URL(href, location);
  const path = start.pathname.replace("/auth/hubspot/start", "/api/hubspot/status");
  const status = new URL(statusUrl || path, start);
  for (const url of [start, status]) url.searchParams.set("attempt", attempt);

  const began = Date.now();
  const over = new AbortController(); // takes every listener away at once
  let popup, channel, settle, reject, asking, again, rung;
  let due = began + 2e3;
  let seen = true;
  const result = new Promise((...both) => ([settle, reject] = both));

  const leave = () => {
    over.abort();
    clearInterval(clock);
    channel?.close();
  };
  const end = (status, error = null) => {
    leave();
    settle({ status, error, attempt });
  };

  /** The attempt as the server sees it, or the HTTP status of a refusal, or 0. */
  const request = async (url, options) => {
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(1e4), ...options });
      return (answer.ok && (await answer.json()).attempt) || answer.status;
    } catch {
      return 0;
    }
  };

  const judge = ({ status, error }) => {
    if (over.signal.aborted) return;
    if (status === "cancelled" || status === "expired") return end(status, error);
    // Without a status the popup has not reached the server; at last it never will.
    if (!status && Date.now() - began > 63e4) return end("expired");
    const early = !status || status === "started" || status === "at_hubspot";
    onchange?.(early ? "waiting" : "verifying", seen);
    // We may know before the popup has rung, but it waits for our acknowledgement.
    if (status === "connected" || status === "failed") setTimeout(end, rung ? 0 : 1e3, status, error);
  };

  const ask = async () => {
    again = asking;
    if (asking || over.signal.aborted) return;
    asking = true;
    due = Infinity;
    judge(await request(status));
    asking = false;
    const waited = Date.now() - began;
    due = Date.now() + (waited < 3e4 ? 2e3 : waited < 12e4 ? 4e3 : 8e3);
    if (again) ask();
  };

  const hear = (heard, answer) => {
    const { source, v, type, attempt: whose, status } = heard ?? {};
    if (source !== "portalkey" || v !== 1 || type !== "result" || whose !== attempt) return;
    if (status !== "connected" && status !== "error") return;
    answer({ source, v, type: "ack", attempt, status });
    rung = true;
    onchange?.("verifying", seen);
    ask();
  };

  const listen = (target, type, act) => target.addEventListener(type, act, { signal: over.signal });
  listen(window, "message", ({ data, origin, source }) => {
    if (source === popup && origin === start.origin) hear(data, (ack) => popup.postMessage(ack, origin));
  });
  listen(window, "storage", ({ key }) => key === name && ask());
  for (const type of ["focus", "pageshow", "online", "visibilitychange"]) listen(window, type, ask);
  try {
    channel = new BroadcastChannel(name); // heard even if COOP cut us off
    listen(channel, "message", ({ data }) => hear(data, (ack) => channel.postMessage(ack)));
  } catch {} // the other bells remain
  if (signal) listen(signal, "abort", () => (leave(), reject(signal.reason)));

  // Centred on this window, so on its screen; nobody can aim at a random name or learn from it.
  const left = Math.round(screenX + (outerWidth - 600) / 2);
  const top = Math.round(screenY + (outerHeight - 700) / 2);
  popup = open(start, randomId(), `popup,width=600,height=700,left=${left},top=${top}`);
  const clock = setInterval(() => {
    // A window that was cut off looks closed while somebody types in it: ask, and no more.
    const lost = seen && popup.closed;
    if (lost) seen = false;
    if (lost || Date.now() > due) ask();
  }, 500);
  if (!popup || popup.closed) {
    end("redirected"); // blocked: the same journey in this tab
    location.assign(href);
  }

  return Object.assign(result, {
    attempt,
    leave,
    show: () => popup.focus(),
    /** Resolves to whether the server knows. */
    async cancel() {
      popup.close();
      const url = new URL(`attempts/${attempt}/cancel`, status);
      const headers = { "X-Portalkey-Token": start.searchParams.get("t") };
      const answer = await request(url, { method: "POST", headers });
      if (answer === 404) end("cancelled"); // the popup never came as far
      if (answer.status) judge(answer); // it may be too late
      return answer === 404 || !!answer.status;
    },
  });
}

class HubSpotConnect extends HTMLElement {
  #pending;
  #says = "";
  #status = document.createElement("p");
  #buttons = document.createElement("p");

  constructor() {
    super();
    this.#status.role = "status";
    this.#button("show", () => this.#pending.show());
    this.#button("again", () => this.#begin());
    this.#button("cancel", async () => {
      if (!(await this.#pending.cancel())) this.#status.textContent = strings.unsent;
    });
    this.addEventListener("click", (event) => {
      if (!event.target.closest("a") || event.defaultPrevented) return;
      // The browser's own ways stay: a new tab, a new window, a download.
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (this.#pending) this.#pending.show();
      else this.#begin();
    });
  }

  connectedCallback() {
    this.append(this.#status, this.#buttons); // there before anything is said, or it is not read out
    this.#enter("idle");
  }

  disconnectedCallback() {
    this.#pending?.leave();
    this.#pending = null;
  }

  #button(name, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = strings[name];
    button.onclick = act;
    this.#buttons.append(button);
  }

  async #begin() {
    const before = this.#pending;
    const mine = connect({
      ...this.dataset,
      href: this.querySelector("a").href,
      onchange: (state, seen) => mine === this.#pending && this.#enter(state, seen),
    });
    this.#pending = mine;
    this.#enter("waiting");
    before?.cancel().then(before.leave);
    const detail = await mine;
    if (mine !== this.#pending) return; // started again meanwhile
    this.#pending = null;
    this.#enter(detail.status, true, detail);
    const event = new CustomEvent("hubspot-connect", { bubbles: true, cancelable: true, detail });
    if (this.dispatchEvent(event) && detail.status === "connected" && "reload" in this.dataset) location.reload();
  }

  #enter(state, seen = true, { error, attempt } = {}) {
    const link = this.querySelector("a");
    const busy = state === "waiting" || state === "verifying";
    const special = state === "failed" ? strings.errors[error] : state === "waiting" && !seen && strings.unseen;
    const says = (special || strings[state] || "").replace("{id}", attempt);
    if (says !== this.#says) this.#status.textContent = this.#says = says; // a poll repeats nothing aloud
    this.setAttribute("state", state);
    if (!busy && this.#buttons.contains(document.activeElement)) link.focus();
    this.#buttons.hidden = !busy;
    this.#buttons.firstChild.hidden = !seen;
    link.setAttribute("aria-disabled", busy); // disabled would lose the focus
    link.title ||= strings.opens;
  }
}

customElements.define("hubspot-connect", HubSpotConnect);
