// Rings at the page that opened this window.
const { attempt, status, origin, closeAfter } = document.body.dataset;
const note = document.querySelector("[role=status]");
const box = note.parentElement;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
let held, timer;

const say = (what) => (note.textContent = note.dataset[what]);
const close = () => {
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
const hear = ({ data }) => {
  if (data?.source === "portalkey" && data.v === 1 && data.type === "ack" && data.attempt === attempt) begin();
};

if (top === self && window.origin !== "null") {
  const ring = { source: "portalkey", v: 1, type: "result", attempt, status };
  onmessage = (event) => event.origin === origin && event.source === opener && hear(event);
  opener?.postMessage(ring, origin);
  const name = "portalkey:" + attempt;
  try {
    localStorage[name] = status;
    delete localStorage[name];
  } catch {}
  try {
    const channel = new BroadcastChannel(name);
    channel.onmessage = hear;
    channel.postMessage(ring);
  } catch {}

  const bad = status === "error"; // touched, it stays
  for (const type of ["pointermove", "keydown", "focusin"]) (bad ? window : box).addEventListener(type, hold);
  if (!bad) {
    box.onpointerleave = () => begin((held = false));
    begin();
  }
  box.lastElementChild.hidden = false;
  box.lastElementChild.onclick = close;
}
