// Hands the access token to the page that opened this window, where the app allows that and the page asks for it.
// By message to that one origin, and by nothing that others could overhear: no channel, no storage.
const { attempt, origin, tokenUrl, formToken } = document.body.dataset;

const hand = async () => {
  document.body.dataset.busy = ""; // done.js closes the window after it
  await deliver().catch(() => {});
  delete document.body.dataset.busy;
};

const deliver = async () => {
  const headers = { "X-Portalkey-Token": formToken };
  const answer = await fetch(tokenUrl, { method: "POST", headers, cache: "no-store" });
  if (!answer.ok) return; // asked for before, or too late
  const { access_token, expires_in } = await answer.json();
  opener?.postMessage({ source: "portalkey", v: 1, type: "access_token", attempt, access_token, expires_in }, origin);
};

if (top === self && window.origin !== "null") {
  let asked = false;
  addEventListener("message", ({ data, origin: from, source }) => {
    if (asked || from !== origin || !opener || source !== opener) return;
    if (data?.source !== "portalkey" || data.v !== 1 || data.type !== "ack" || data.attempt !== attempt) return;
    if (data.wants !== "access_token") return;
    asked = true;
    hand();
  });
}
