// The wait: from the click to the end that the server tells.
const EARLY = ["started", "at_hubspot", "pending"];
const LATER = ["returned", "exchanging", "connected", "failed"];
const OVER = ["cancelled", "expired"];
const KNOWN = [...EARLY, ...LATER, ...OVER];

const randomId = () =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);

/** Open HubSpot and wait for the end. Call it inside the click, or the window is blocked. */
export function connect(options) {
  return follow({ ...options, attempt: randomId(), began: Date.now() }, (start) => {
    // Centred on this window, so on its screen; nobody can aim at a random name or learn from it.
    const left = Math.round(screenX + (outerWidth - 600) / 2);
    const top = Math.round(screenY + (outerHeight - 700) / 2);
    return open(start, randomId(), `popup,width=600,height=700,left=${left},top=${top}`);
  });
}

/** Wait on for an attempt that was begun before this page was loaded. */
export function follow({ href, statusUrl, language, deliver, signal, onchange, attempt, began = Date.now() }, opens) {
  signal?.throwIfAborted();
  const name = `portalkey:${attempt}`;
  const start = new URL(href, location);
  const path = start.pathname.replace("/auth/hubspot/start", "/api/hubspot/status");
  const status = new URL(statusUrl || path, start);
  for (const url of [start, status]) url.searchParams.set("attempt", attempt);
  start.searchParams.set("origin", location.origin);
  if (language) start.searchParams.set("language", language);

  const over = new AbortController(); // takes every listener away at once
  let popup, channel, clock, settle, reject, asking, again, rung, told, decided, acknowledge;
  let verifying; // undefined until the server has known the attempt
  let left, gone, lost; // the popup was seen elsewhere; looks closed; and the server was asked since
  let rings = 0;
  let failures = 0;
  let due = 0; // when to ask
  let rest = 0; // not before
  let trouble = null;
  const result = new Promise((...both) => ([settle, reject] = both));

  const leave = () => {
    over.abort();
    clearInterval(clock);
    channel?.close();
  };
  const end = async (status, { error = null, message = null } = {}) => {
    if (over.signal.aborted) return;
    leave();
    settle({ status, error, message, attempt, ...(deliver && status === "connected" && (await token())) });
  };

  const ask = (url, options) =>
    fetch(url, { cache: "no-store", credentials: "include", signal: AbortSignal.timeout(1e4), ...options });
  const post = (what) =>
    ask(new URL(`attempts/${attempt}/${what}`, status), {
      method: "POST",
      headers: { "X-Portalkey-Token": start.searchParams.get("t") },
      keepalive: true,
    });

  const token = async () => {
    try {
      const answer = await post("token");
      return answer.ok && (await answer.json());
    } catch {} // connected all the same, and the app's own code can ask
  };

  /** The attempt as the server sees it; or a `code`: 404 none of ours, 401 signed out, 0 no answer. */
  const read = async (asked) => {
    try {
      const answer = await asked;
      rest = Date.now() + Math.min(answer.headers.get("Retry-After") * 1e3 || 0, 6e5);
      if (answer.redirected || answer.status === 401 || answer.status === 403) return { code: 401 };
      const { attempt: seen, error } = await answer.json();
      if (answer.ok && seen?.id === attempt && KNOWN.includes(seen.status)) return seen;
      return { code: error === "not_found" ? 404 : 0 }; // a proxy's 404 says nothing
    } catch {
      return { code: 0 };
    }
  };

  const tell = () => {
    const slow = Date.now() - began > 3e4;
    const state = verifying ? "verifying" : lost ? "unobservable" : slow ? "slow" : "waiting";
    if (!over.signal.aborted && told !== (told = state + trouble)) onchange?.(state, trouble);
  };

  const judge = (seen, closed) => {
    const { status, code } = seen;
    if (over.signal.aborted) return;
    decided = OVER.includes(status) || status === "connected" || status === "failed";
    if (decided) acknowledge?.();
    if (OVER.includes(status)) return end(status, seen);
    if (code === 404 && verifying === undefined) {
      // Nothing is begun, nor will be by a closed popup; but a page that asks first may only be cut off.
      if (closed && !left) return setTimeout(() => left || end("cancelled"), 400);
      if (!popup && Date.now() - began > 2e4) return end("unknown");
      if (Date.now() - began > 63e4) return end("expired");
    }
    failures = status || code === 404 ? 0 : failures + 1;
    // What was known and is not ours any more was begun by somebody else.
    const away = code === 401 || (code === 404 && verifying !== undefined);
    trouble = away ? "signed_out" : failures > 2 ? "unreachable" : null;
    if (status) verifying = LATER.includes(status);
    lost ||= closed;
    tell();
    // We may know before the popup has rung, but it waits for our acknowledgement.
    if (decided) setTimeout(end, rung ? 0 : 1e3, status, seen);
  };

  const look = async () => {
    again = asking;
    if (asking || over.signal.aborted || Date.now() < rest) return;
    asking = true;
    due = Infinity;
    const closed = gone; // what was asked before the window closed says nothing about it
    judge(await read(ask(status)), closed);
    asking = false;
    const waited = Date.now() - began;
    const pause = failures ? Math.min(2e3 * 2 ** failures, waited > 6e5 ? 3e5 : 3e4) : waited < 3e4 ? 2e3 : waited < 12e4 ? 4e3 : 8e3;
    due = Math.max(rest, Date.now() + pause);
    if (again) look();
  };

  // A page gone mad cannot make us hammer the server: soon only the clock asks.
  const ring = () => rings++ < 8 && look();
  const hear = (heard, answer) => {
    const { source, v, type, attempt: whose, status } = heard ?? {};
    if (source !== "portalkey" || v !== 1 || whose !== attempt) return;
    if (type === "here") left ||= popup?.closed;
    if (type !== "result" || !["connected", "error", "ended"].includes(status)) return;
    // Acknowledged is what this page can show.
    acknowledge = () => answer({ source, v, type: "ack", attempt, status });
    if (decided) acknowledge();
    rung = true;
    ring();
  };

  const listen = (target, type, act) => target.addEventListener(type, act, { signal: over.signal });
  listen(window, "message", ({ data, origin, source }) => {
    if (popup && source === popup && origin === start.origin) hear(data, (ack) => popup.postMessage(ack, origin));
  });
  listen(window, "storage", ({ key }) => key === name && ring());
  for (const type of ["focus", "pageshow", "online", "visibilitychange"]) listen(window, type, look);
  try {
    channel = new BroadcastChannel(name); // heard even if COOP cut us off
    listen(channel, "message", ({ data }) => hear(data, (ack) => channel.postMessage(ack)));
  } catch {} // the other bells remain
  if (signal) listen(signal, "abort", () => (leave(), reject(signal.reason)));

  const tick = () => {
    if (popup && !gone) {
      // A window that was cut off looks closed while somebody types in it: ask, and no more.
      if ((gone = popup.closed)) look();
      try {
        left ||= !gone && !popup.location.href;
      } catch {
        left = true; // another origin's address cannot be read
      }
    }
    if (Date.now() > due) look();
    tell();
  };

  const cancel = async () => {
    popup?.close();
    const answer = await read(post("cancel"));
    if (answer.code === 404 && verifying === undefined) end("cancelled"); // the popup never came as far
    else judge(answer); // it may be too late
    return answer.code !== 0;
  };

  if (opens) {
    popup = opens(start);
    due = Date.now() + 2e3;
    if (!popup || popup.closed) end("blocked");
  }
  if (!over.signal.aborted) clock = setInterval(tick, 250);
  return Object.assign(result, { attempt, began, leave, cancel, canShow: !!popup, show: () => popup?.focus() });
}
