// The control room: shows what the simulator knows, about once a second, and sets it.

const POLL = 1000;
const OVERLAPS = [[0, "now"], [3600, "in an hour"], [86_400, "in a day"], [604_800, "in 7 days"]];
const byId = (id) => document.getElementById(id);
const shown = new Map();
let tick = 0;

/** An element: its attributes (functions listen, the rest is set), and what is in it. */
function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (key in element && key !== "list") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...content);
  return element;
}

/** Fill a part of the page where what it shows has changed; the focus stays where it was. */
function fill(id, data, draw, empty) {
  const told = JSON.stringify(data);
  if (shown.get(id) === told) return;
  shown.set(id, told);
  const part = byId(id);
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const drawn = data.map(draw);
  part.replaceChildren(...(drawn.length > 0 ? drawn : [nothing(part, empty)]));
  if (focused) byId(focused)?.focus();
}

function nothing(part, sentence) {
  if (part.localName !== "tbody") return make("li", { className: "empty" }, sentence);
  return make("tr", {}, make("td", { className: "empty", colSpan: 3 }, sentence));
}

function say(sentence, isWrong = false) {
  const said = byId("said");
  said.textContent = sentence;
  said.classList.toggle("wrong", isWrong);
}

/** Ask the control API; its sentence is shown where it refuses. */
async function send(method, path, body, done) {
  try {
    const answer = await fetch(`/control/${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (answer.ok) say(done);
    else await tell(answer);
  } catch {
    say("The simulator does not answer.", true);
  }
  shown.clear(); // what was refused goes back to what it was
  await look();
}

async function tell(answer) {
  const { error } = await answer.json();
  const allowed = error.allowed.length > 0 ? ` Allowed: ${error.allowed.join(", ")}.` : "";
  say(`${error.message}.${allowed}`, true);
}

function ago(seconds) {
  const past = Math.max(0, Math.round(seconds));
  return past < 60 ? `${past} s ago` : `${Math.floor(past / 60)} min ago`;
}

function left(seconds) {
  if (seconds === null) return "never";
  return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min`;
}

/** What was asked again and again, in a row and with the same answer, is one line. */
function inRows(requests) {
  const rows = [];
  for (const each of requests) {
    const same = JSON.stringify([each.method, each.path, each.status, each.form.grant_type]);
    if (rows.at(-1)?.same === same) rows.at(-1).number += 1;
    else rows.push({ same, number: 1, each });
  }
  return rows;
}

function request([when, { method, path, status, form }, number]) {
  const times = number > 1 ? ` × ${number}` : "";
  const text = `${status === 0 ? "no answer" : status}${times}`;
  const isFine = status >= 200 && status < 400;
  const grant = form.grant_type ? make("small", {}, ` ${form.grant_type}`) : "";
  return make("tr", {},
    make("td", {}, when),
    make("td", {}, make("code", {}, `${method} ${path}`), grant),
    make("td", { className: isFine ? "fine" : "bad" }, text));
}

function token([kind, token, place, scopes, end]) {
  return make("tr", {},
    make("td", {}, make("code", {}, token), make("small", {}, ` ${kind}`)),
    make("td", { title: scopes.join(" ") }, `${place}, ${scopes.length} scopes`),
    make("td", {}, end));
}

function rule({ number, fault, at, times, happened, skip, chance, seconds, refusal }) {
  const still = times === null ? "always" : `${times - happened} more`;
  const details = [
    `at ${at}`, still, skip > 0 && `after ${skip} good`, chance < 1 && `chance ${chance}`,
    seconds > 0 && `${seconds} s`, refusal,
  ].filter(Boolean).join(" · ");
  const remove = () => send("DELETE", `faults/${number}`, null, `Removed ${fault}.`);
  const label = `Remove ${fault} at ${at}`;
  return make("li", { className: "line" },
    make("span", {}, make("b", {}, fault), make("small", {}, details)),
    make("button", { type: "button", className: "quiet small", id: `rule-${number}`, "aria-label": label, click: remove }, "Remove"));
}

/** A form for a new client secret; the page thinks one up, as no answer ever has one in it. */
function secret(client_id, name) {
  const [field, choice] = [`secret-${client_id}`, `overlap-${client_id}`];
  const value = byId(field)?.value ?? crypto.randomUUID(); // the one to copy stays
  const input = make("input", { id: field, value, spellcheck: false, autocomplete: "off", required: true });
  const options = OVERLAPS.map(([value, words]) => make("option", { value, selected: byId(choice)?.value === `${value}` }, words));
  const select = make("select", { id: choice }, ...options);
  const rotate = (event) => {
    event.preventDefault();
    const body = { client_id, client_secret: input.value, overlap_seconds: Number(select.value) };
    send("POST", "secret", body, `${name} has a new client secret. The old one ends ${select.selectedOptions[0].textContent}.`);
  };
  return make("form", { submit: rotate },
    make("div", { className: "account-fields" },
      make("label", {}, "New client secret", input), make("label", {}, "The old one ends", select)),
    make("button", { className: "quiet small", "aria-label": `Change the client secret of ${name}` }, "Change the client secret"));
}

function app([{ client_id, name, redirect_uris, required_scopes, is_user_level }, old]) {
  const level = is_user_level ? " · user level" : "";
  return make("li", {},
    make("b", {}, name),
    make("small", {}, make("code", {}, client_id), level),
    make("small", {}, `needs ${required_scopes.join(" ")}`),
    ...redirect_uris.map((uri) => make("small", {}, make("code", {}, uri))),
    ...(old ? [make("small", {}, `its old client secret ends in ${old}`)] : []),
    make("details", { id: `rotate-${client_id}`, open: byId(`rotate-${client_id}`)?.open ?? false },
      make("summary", {}, "A secret leaked?"), secret(client_id, name)));
}

function account([{ hub_id, name, hosting, tier, lacks, users }, installs]) {
  const path = `accounts/${hub_id}`;
  const change = (what) => send("PATCH", path, what, `${name} is changed.`);
  const tiers = byId("accounts").dataset.tiers.split(" ");
  const select = make("select", { id: `tier-${hub_id}`, change: (e) => change({ tier: e.target.value }) },
    ...tiers.map((each) => make("option", { selected: each === tier }, each)));
  const input = make("input", {
    id: `lacks-${hub_id}`, value: lacks.join(" "), placeholder: "none", spellcheck: false,
    change: (e) => change({ lacks: e.target.value.split(/\s+/).filter(Boolean) }),
  });
  return make("li", {},
    make("div", { className: "line" }, make("b", {}, name), make("small", {}, `${hub_id} · ${hosting}`)),
    make("div", { className: "account-fields" },
      make("label", {}, "Tier", select), make("label", {}, "Further scopes it lacks", input)),
    ...users.map((user) => person(path, user)),
    ...installs.map((install) => installed(hub_id, name, install)));
}

function person(path, { user_id, email, may_install }) {
  const change = (e) => send("PATCH", `${path}/users/${user_id}`, { may_install: e.target.checked }, `${email} is changed.`);
  return make("label", { className: "check" },
    make("input", { type: "checkbox", id: `may-${user_id}`, checked: may_install, change }),
    `${email} may install apps`);
}

function installed(hub_id, name, { client_id, app, user_id, scopes }) {
  const remove = () => send("POST", "uninstall", { hub_id, client_id }, `${app} is out of ${name}.`);
  const whose = user_id === null ? "" : ` for user ${user_id}`;
  return make("div", { className: "line" },
    make("small", { title: scopes.join(" ") }, `${app} is installed${whose}, ${scopes.length} scopes`),
    make("button", { type: "button", className: "quiet small", id: `out-${hub_id}-${client_id}`, "aria-label": `Uninstall ${app} from ${name}`, click: remove }, "Uninstall"));
}

/** What a switch is set with, by the values it can have. */
function control({ name, value, default: usual, allowed }) {
  const set = (to) => send("PATCH", "switches", { [name]: to }, `${name} is ${JSON.stringify(to)}.`);
  const common = { id: `switch-${name}`, "aria-label": name, "aria-describedby": `says-${name}` };
  if (typeof usual === "boolean") {
    return make("input", { ...common, type: "checkbox", checked: value, change: (e) => set(e.target.checked) });
  }
  if (allowed.length > 1) {
    const typed = (word) => (word === "null" ? null : typeof usual === "number" ? Number(word) : word);
    return make("select", { ...common, change: (e) => set(typed(e.target.value)) },
      ...allowed.map((word) => make("option", { value: word, selected: word === `${value}` }, word === "null" ? "none" : word)));
  }
  const isNumber = typeof usual === "number";
  const step = allowed[0].includes("whole") ? "1" : "any";
  const kind = isNumber ? { type: "number", min: "0", step } : { type: "text" };
  return make("input", { ...common, ...kind, value, change: (e) => set(isNumber ? e.target.valueAsNumber : e.target.value) });
}

function evidence({ evidence, source }) {
  const pill = make("span", { className: `evidence ${evidence}` }, evidence);
  if (!source.startsWith("https://")) return [pill, source && ` ${source}`];
  return [pill, " ", make("a", { href: source, target: "_blank", rel: "noreferrer noopener" }, "source")];
}

/** A sentence of the table, in which `code` stands between backticks. */
function inWords(sentence) {
  return sentence.split("`").map((part, at) => (at % 2 === 1 ? make("code", {}, part) : part));
}

function setting(each) {
  const isChanged = each.value !== each.default;
  return make("div", { className: isChanged ? "switch changed" : "switch" },
    make("div", {},
      make("code", {}, each.name), " ", ...evidence(each),
      make("p", { id: `says-${each.name}` }, ...inWords(`${each.says} ${each.because}`))),
    control(each));
}

function group([name, switches]) {
  const isOpen = byId(`group-${name}`)?.open ?? name === "Consent page";
  const changed = switches.filter((each) => each.value !== each.default).length;
  const count = changed > 0 ? `${changed} changed, ${switches.length} in all` : `${switches.length}`;
  return make("details", { id: `group-${name}`, open: isOpen },
    make("summary", {}, `${name} (${count})`),
    make("div", { className: "settings" }, ...switches.map(setting)));
}

function draw({ clock, requests, faults, tokens, token_count: count, apps, accounts, installs, switches }) {
  const time = new Date(clock.now * 1000).toISOString().replace("T", " ").slice(0, 19);
  const ahead = Math.round(clock.ahead);
  byId("time").textContent = `${time} UTC${ahead === 0 ? "" : `, ${ahead > 0 ? "+" : ""}${ahead} s`}`;
  const names = new Map(accounts.map((each) => [each.hub_id, each.name]));
  const appNames = new Map(apps.map((each) => [each.client_id, each.name]));
  const named = installs.map((each) => ({ ...each, app: appNames.get(each.client_id) ?? each.client_id }));
  const recent = inRows(requests.toReversed())
    .map(({ each, number }) => [ago(clock.now - each.at), each, number]);
  fill("requests", recent, request, "Nothing was asked yet.");
  fill("faults", faults, rule, "Everything goes well.");
  fill("tokens", tokens.toReversed().map((each) => [
    each.kind, each.token, names.get(each.hub_id) ?? "the app itself", each.scopes, left(each.expires_in),
  ]), token, "None.");
  byId("token-count").textContent = count > tokens.length ? `The newest ${tokens.length} of ${count}.` : "";
  fill("apps", apps.map(({ old_secret_expires_in: old, ...each }) => [each, old && left(old)]), app, "None.");
  fill("accounts", accounts.map((each) => [
    each, named.filter(({ hub_id }) => hub_id === each.hub_id),
  ]), account, "None.");
  const groups = Map.groupBy(switches, (each) => each.group);
  fill("switches", [...groups], group, "None.");
}

/** Show what there is now, and look again in a while, unless nobody sees it. */
async function look() {
  clearTimeout(tick);
  try {
    const answer = await fetch("/control/state");
    draw(await answer.json());
    if (byId("said").dataset.lost) say("");
    delete byId("said").dataset.lost;
  } catch {
    say("The simulator does not answer.", true);
    byId("said").dataset.lost = "yes";
  }
  clearTimeout(tick);
  if (!document.hidden) tick = setTimeout(look, POLL);
}

function suit() {
  const kind = byId("kind").value;
  byId("kind-says").textContent = byId("kind").selectedOptions[0].dataset.says;
  for (const label of document.querySelectorAll("[data-for]")) {
    const isWanted = label.dataset.for.split(" ").includes(kind);
    label.hidden = !isWanted;
    label.firstElementChild.disabled = !isWanted;
  }
}

function addFault(event) {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  for (const name of ["skip", "seconds", "status"]) if (name in given) given[name] = Number(given[name]);
  given.times = given.times === "" ? null : Number(given.times);
  send("POST", "faults", given, `${given.fault} will happen.`);
}

byId("where").textContent = `${location.origin} · API at ${location.origin}/control/openapi.json`;
byId("kind").addEventListener("change", suit);
byId("fault").addEventListener("submit", addFault);
byId("heal").addEventListener("click", () => send("DELETE", "faults", null, "Everything goes well."));
byId("forget").addEventListener("click", () => send("DELETE", "requests", null, "The list begins anew."));
byId("expire").addEventListener("click", () => send("POST", "expire", {}, "Access tokens are past their time."));
byId("reset").addEventListener("click", () => {
  if (confirm("Reset everything to how it was at the start?")) send("POST", "reset", {}, "Everything is as at the start.");
});
for (const button of document.querySelectorAll("[data-move]")) {
  const move = Number(button.dataset.move);
  button.addEventListener("click", () => send("POST", "clock", { move }, `The clock is ${move} seconds further.`));
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
suit();
look();
