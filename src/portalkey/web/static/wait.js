const LATER = ["returned", "exchanging", "connected", "failed"];
const OVER = ["cancelled", "expired"];

const randomId = () =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);

/** Open HubSpot and wait for the end. Call it inside the click, or the window is blocked. */
export function connect(options) {
  return follow({ ...options, attempt: randomId(), began: Date.now() }, (start) => {
    // Nobody can aim at a random name.
    const left = (screenX + (outerWidth - 600) / 2) | 0;
    const top = (screenY + (outerHeight - 700) / 2) | 0;
    return open(start, randomId(), `popup,width=600,height=700,left=${left},top=${top}`);
  });
}

/** Wait on for what was begun before. */
export function follow({ href, statusUrl, language, deliver, signal, onchange, attempt, began = Date.now() }, opens) {
  signal?.throwIfAborted();
  const name = `portalkey:${attempt}`;
  const start = new URL(href, location);
  const status = new URL(statusUrl || start.pathname.replace("/auth/hubspot/start", "/api/hubspot/status"), start);
  for (const url of [start, status]) url.searchParams.set("attempt", attempt);
  start.searchParams.set("origin", location.origin);
  if (language) start.searchParams.set("language", language);

  const over = new AbortController();
  let popup, channel, clock, settle, reject, asking, again, rung, told, decided, acknowledge;
  let verifying; // undefined until the server has known the attempt
  let left, gone, lost; // the popup was elsewhere; looks closed; the server was asked since
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
    } catch {} // the app's own code can ask
  };

  /** The server's attempt; or a `code`: 404 none of ours, 401 signed out, 0 no answer. */
  const read = async (asked) => {
    try {
      const answer = await asked;
      rest = Date.now() + Math.min(answer.headers.get("Retry-After") * 1e3 || 0, 6e5);
      if (answer.redirected || [401, 403].includes(answer.status)) return { code: 401 };
      const { attempt: seen, error } = await answer.json();
      if (answer.ok && seen?.id === attempt) return seen;
      return { code: error === "not_found" ? 404 : 0 }; // a proxy's 404 says nothing
    } catch {
      return { code: 0 };
    }
  };

  const tell = () => {
    const state = verifying ? "verifying" : lost ? "unobservable" : Date.now() - began > 3e4 ? "slow" : "waiting";
    if (!over.signal.aborted && told !== (told = state + trouble)) onchange?.(state, trouble);
  };

  const judge = (seen, closed) => {
    const { status, code } = seen;
    if (over.signal.aborted) return;
    decided = [...OVER, "connected", "failed"].includes(status);
    if (decided) acknowledge?.();
    if (OVER.includes(status)) return end(status, seen);
    if (code === 404 && verifying === undefined) {
      // One that asks first may only be cut off.
      if (closed && !left) return setTimeout(() => left || end("cancelled"), 400);
      if (!popup && Date.now() - began > 2e4) return end("unknown");
      if (Date.now() - began > 63e4) return end("expired");
    }
    failures = status || code === 404 ? 0 : failures + 1;
    const away = code === 401 || (code === 404 && verifying !== undefined);
    trouble = away ? "signed_out" : failures > 2 ? "unreachable" : null;
    if (status) verifying = LATER.includes(status);
    lost ||= closed;
    tell();
    // The popup waits for us.
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
    const pause = failures ? Math.min(2e3 * 2 ** failures, waited > 6e5 ? 3e5 : 3e4) : Math.min(Math.max(waited / 15, 2e3), 8e3);
    due = Math.max(rest, Date.now() + pause);
    if (again) look();
  };

  // Nobody can make us hammer the server: soon only the clock asks.
  const ring = () => rings++ < 8 && look();
  const hear = (heard, answer) => {
    const { source, v, type, attempt: whose, status } = heard ?? {};
    if (source !== "portalkey" || v !== 1 || whose !== attempt) return;
    if (type === "here") left ||= popup?.closed;
    if (type !== "result" || !["connected", "error", "ended"].includes(status)) return;
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
      // Cut off, it looks closed while somebody types in it.
      if ((gone = popup.closed)) look();
      try {
        left ||= !gone && !popup.location.href;
      } catch {
        left = true; // on another origin
      }
    }
    if (Date.now() > due) look();
    tell();
  };

  const cancel = async () => {
    popup?.close();
    const answer = await read(post("cancel"));
    if (answer.code === 404 && verifying === undefined) end("cancelled");
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
