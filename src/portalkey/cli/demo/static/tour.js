// Shows once a second what the app sees, and ticks what was done. What has not changed stays, and
// with it the focus.

const PAUSE = 1000;
const live = document.getElementById("live");
let tick = 0;

const part = (root, name) => root.querySelector(`[data-part="${CSS.escape(name)}"]`);

function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live");
  if (fresh === null) return;
  if (fresh.dataset.owner !== live.dataset.owner) return void location.reload();
  mark(fresh.dataset.done.split(" "));
  tell(part(live, "events"), part(fresh, "events"));
  if (fresh.dataset.shape === live.dataset.shape) {
    for (const each of fresh.querySelectorAll(".tour-now [data-part]")) renew(part(live, each.dataset.part), each);
  } else {
    live.querySelector(".tour-now").replaceWith(fresh.querySelector(".tour-now"));
    live.dataset.shape = fresh.dataset.shape;
  }
}

function renew(old, fresh) {
  if (old.innerHTML !== fresh.innerHTML) old.replaceChildren(...fresh.childNodes);
}

/** Put new events before those that are there, which nobody has to hear again. */
function tell(old, fresh) {
  const [list, newest] = [old.querySelector("ol"), fresh.querySelector("ol")];
  if (list === null || newest === null) return renew(old, fresh);
  const known = new Set(Array.from(list.children, (each) => each.textContent));
  const number = newest.children.length;
  list.prepend(...Array.from(newest.children).filter((each) => !known.has(each.textContent)));
  while (list.children.length > number) list.lastElementChild.remove();
}

function mark(done) {
  for (const step of document.querySelectorAll("[data-step]")) {
    const isDone = done.includes(step.dataset.step);
    step.classList.toggle("is-done", isDone);
    step.querySelector(".tour-said").hidden = !isDone;
  }
}

async function look() {
  clearTimeout(tick);
  try {
    const answer = await fetch("/tour/live");
    if (answer.ok) show(await answer.text());
  } catch {
    // The demo was ended; it is looked again, in case it is started anew.
  }
  clearTimeout(tick);
  if (!document.hidden) tick = setTimeout(look, PAUSE);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
look();
