// Rings at the page that opened this window.
const { attempt, status, origin, closeAfter, bridge } = document.body.dataset;
const note = document.querySelector("[role=status]");
const box = note.parentElement;
const button = box.querySelector("button");
const read = [box, ...document.querySelectorAll(".pk-missing")]; // what somebody may still be reading
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const bad = status === "error";
let held, timer, acknowledged;

const say = (what) => (note.textContent = note.dataset[what]);
const close = () => {
  if ("busy" in document.body.dataset) return (timer = setTimeout(close, 250));
  // Cut off from a page of another origin, only a page of that origin can still ring there.
  if (bridge && !opener) return location.replace(bridge);
  window.close();
  setTimeout(say, 500, "open");
};
const begin = () => {
  if (timer || held || calm || closeAfter === "0") return;
  timer = setTimeout(close, closeAfter);
  say("closing");
};
const hold = () => {
  if (timer) say("open");
  timer = clearTimeout(timer);
  held = true;
};
const release = () => begin((held = read.some((place) => place.matches(":hover, :focus-within"))));
// An error is read here, unless the person has turned to the page that shows it as well.
const turn = () => acknowledged && !document.hasFocus() && begin();
const hear = ({ data }) => {
  if (data?.source !== "portalkey" || data.v !== 1 || data.type !== "ack" || data.attempt !== attempt) return;
  acknowledged = true;
  if (bad) turn();
  else begin();
};

if (top === self && window.origin !== "null") {
  onmessage = (event) => event.origin === origin && event.source === opener && hear(event);
  const name = "portalkey:" + attempt;
  let channel;
  try {
    localStorage[name] = status;
    delete localStorage[name];
  } catch {}
  try {
    channel = new BroadcastChannel(name);
    channel.onmessage = hear;
  } catch {}
  const ring = (what) => {
    const said = { source: "portalkey", v: 1, attempt, ...what };
    opener?.postMessage(said, origin);
    channel?.postMessage(said);
  };
  ring({ type: "result", status });
  onclick = ({ target }) => ring({ type: "again", next: /attempt=([\w-]+)/.exec(target.href)?.[1] });

  // Touched anywhere, an error stays.
  for (const place of bad ? [window] : read) {
    for (const type of ["pointermove", "keydown", "focusin"]) place.addEventListener(type, hold);
    if (!bad) for (const type of ["pointerleave", "focusout"]) place.addEventListener(type, release);
  }
  if (bad) {
    note.textContent = ""; // the button says it
    onblur = turn;
    onfocus = hold;
  } else begin();
  button.hidden = false;
  button.onclick = close;
}
