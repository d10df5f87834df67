// What has just happened is said once: the address carries it to the page, and then forgets it.
const address = (changes) => {
  const url = new URL(location);
  for (const name of ["connected", "disconnected", "reconnect"]) url.searchParams.delete(name);
  for (const name in changes) url.searchParams.set(name, changes[name]);
  return url;
};

if (/[?&](dis)?connected=/.test(location.search)) history.replaceState(history.state, "", address());

// In place of the reload that the element would do.
addEventListener("hubspot-connect", (event) => {
  const { status, attempt } = event.detail;
  if (status !== "connected" || !("reload" in event.target.dataset)) return;
  event.preventDefault();
  location.replace(address({ connected: attempt }));
});

// It is no news any more once somebody begins again.
addEventListener("hubspot-connect:begin", () => document.querySelector(".pk-note:has(.pk-good)")?.remove());

// A window of ours has connected that no element here waits for: after "Try again" in a popup, or in another tab.
addEventListener("storage", ({ key, newValue }) => {
  const attempt = /^portalkey:([\w-]{22})$/.exec(key)?.[1];
  const waits = document.querySelector("hubspot-connect:is([state=waiting], [state=slow], [state=unobservable], [state=verifying])");
  if (attempt && newValue === "connected" && !waits) location.replace(address({ connected: attempt }));
});
