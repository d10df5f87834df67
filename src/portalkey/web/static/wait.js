export const START = "/auth/hubspot/start";
const LATER = /returned|exchanging|connected|failed/;
const ENDS = /cancelled|expired|connected|failed/;

const randomId = () =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);

export function connect(options) {
  return follow({ ...options, attempt: randomId() }, (start) => {
    const left = screenX + (outerWidth - 600) / 2;
    const top = screenY + (outerHeight - 700) / 2;
    return open(start, randomId(), `popup,width=600,height=700,left=${left},top=${top}`);
  });
}

export function follow({ href, statusUrl, language, deliver, signal, onchange, onagain, attempt, popup, began = Date.now() }, opens) {
  signal?.throwIfAborted();
  const name = `portalkey:${attempt}`;
  const start = new URL(href, location);
  const formToken = start.searchParams.get("t");
  const status = new URL(statusUrl || start.pathname.replace(START, "/api/hubspot/status"), start);
  for (const url of [start, status]) url.searchParams.set("attempt", attempt);
  start.searchParams.set("origin", location.origin);
  if (language) start.searchParams.set("language", language);

  const over = new AbortController();
  let address, channel, clock, settle, reject, ended, asking, again, rung, told, acknowledge;
  let known; // the server's last status
  let away, left, gone, lost; // it is seen elsewhere; was; looks closed; did so at a question
  let usurped; // somebody else answered the popup
  let trouble = null;
  let rings = 0, failures = 0, due = 0, rest = 0; // due: when to ask; rest: not before
  let latest = began + 69e4; // no word comes after it
  const result = new Promise((...both) => ([settle, reject] = both));

  const leave = () => {
    ended = true;
    over.abort();
    channel?.close();
  };
  const end = async (status, { error = null, message = null, account = null } = {}) => {
    if (ended) return;
    ended = true;
    if (!onagain || status === "connected") leave();
    const answer = deliver && status === "connected" && (await post("token").catch(() => {}));
    settle({ status, error, message, account, attempt, ...(answer?.ok && (await answer.json())) });
  };

  const ask = (url, options) =>
    fetch(url, { cache: "no-store", credentials: "include", signal: AbortSignal.timeout(1e4), ...options });
  const post = (what) =>
    ask(new URL(`attempts/${attempt}/${what}`, status), {
      method: "POST",
      headers: { "X-Portalkey-Token": formToken },
      keepalive: true,
    });

  // The attempt; or a code: 401 signed out, 404 none of ours, 200 another's page.
  const read = async (asked) => {
    try {
      const answer = await asked;
      rest = Date.now() + (answer.headers.get("Retry-After") * 1e3 || 0);
      if (answer.redirected || /40[13]/.test(answer.status)) return { code: 401 };
      if (answer.ok && /html/.test(answer.headers.get("Content-Type"))) return { code: 200 };
      const { attempt: seen, error } = await answer.json();
      if (answer.ok && seen?.id === attempt) return seen;
      return { code: error === "not_found" ? 404 : 0 };
    } catch {
      return { code: 0 };
    }
  };

  const tell = () => {
    const waiting = Date.now() > began + 3e4 ? "slow" : "waiting";
    const state = LATER.test(known) ? "verifying" : address && !known ? "framed" : lost ? "unobservable" : waiting;
    const what = usurped && !known ? "intercepted" : trouble;
    if (!ended && told !== (told = state + what)) onchange?.(state, what);
  };

  const judge = (seen, closed) => {
    const { status, code, seconds_left } = seen;
    if (ended) return;
    if (status) known = status;
    if (code === 404 && !known) {
      // One that asks may be cut off.
      if (closed && !left) return setTimeout(() => left || end("cancelled"), 400);
      if (!popup && !address && Date.now() > began + 2e4) return end("unknown");
    }
    if (seconds_left) latest = Date.now() + seconds_left * 1e3 + 9e4;
    const decided = ENDS.test(known);
    if (decided) acknowledge?.();
    else if (Date.now() > latest) return end("unknown", { error: "unheard" });
    failures = status || code === 404 ? 0 : failures + 1;
    trouble = code === 401 || (code === 404 && (known || rung)) ? "signed_out" : known === "asking" ? known : failures < 3 ? null : code ? "intercepted" : "unreachable";
    lost ||= closed;
    tell();
    if (decided) setTimeout(end, rung || !channel ? 0 : 1e3, known, seen);
  };

  const look = async () => {
    again = asking;
    if (asking || ended || Date.now() < Math.min(rest, latest)) return;
    asking = true;
    due = Infinity;
    const closed = gone;
    judge(await read(ask(status)), closed);
    asking = false;
    const soon = Math.min(Math.max((Date.now() - began) / 15, 1750), 8e3);
    const pause = failures ? Math.min(2e3 * 2 ** failures, 3e4) : away ? 2e4 : soon;
    due = Math.min(Math.max(rest, Date.now() + pause), latest);
    if (again) look();
  };

  // Soon only the clock asks.
  const ring = () => rings++ < 8 && look();
  const hear = (heard, answer) => {
    const { source, v, type, attempt: whose, status, next } = heard ?? {};
    if (source !== "portalkey" || v !== 1 || whose !== attempt) return;
    if (type === "here") left ||= popup?.closed;
    if (type === "again" && /^[\w-]{22}$/.test(next)) onagain?.({ attempt: next, popup: !gone && popup });
    if (type !== "result" || !["connected", "error", "ended"].includes(status)) return;
    acknowledge = () => answer({ source, v, type: "ack", attempt, status });
    if (ENDS.test(known)) acknowledge();
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
    channel = new BroadcastChannel(name);
    listen(channel, "message", ({ data }) => hear(data, (ack) => channel.postMessage(ack)));
  } catch {}
  if (signal) listen(signal, "abort", () => (leave(), reject(signal.reason)));

  const tick = () => {
    if (ended) return clearInterval(clock);
    if (popup && !gone) {
      const before = away;
      gone = popup.closed;
      away = usurped = false;
      try {
        const { document, location } = popup;
        usurped = location.pathname === start.pathname && document.readyState === "complete" && !document.body.matches(".pk");
      } catch {
        away = !gone; // on another origin
        left ||= away;
      }
      if (gone || (before && !away)) look(); // the way back
    }
    if (Date.now() > due) look();
    tell();
  };

  const cancel = async () => {
    popup?.close();
    const answer = await read(post("cancel"));
    rung = true;
    if (answer.code === 404 && !known) end("cancelled");
    else judge(answer);
    return answer.code !== 0;
  };

  if (opens) {
    popup = opens(start);
    due = popup && Date.now() + 1e4;
    if (!popup || popup.closed) {
      start.searchParams.delete("t");
      if (top === self) end("blocked");
      else [popup, address] = [null, start.href];
    }
  }
  clock = setInterval(tick, 250);
  return Object.assign(result, { attempt, began, address, leave, cancel, canShow: !!popup, show: () => popup?.focus() });
}
