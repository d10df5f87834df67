// Tells the page that opened this window that it is still open: cut off, it looks closed from there.
const { attempt } = document.body.dataset;
const call = { source: "portalkey", v: 1, type: "here", attempt };
try {
  const channel = new BroadcastChannel("portalkey:" + attempt);
  channel.postMessage(call);
} catch {} // it takes us for closed, and says that nothing was begun: which is so
