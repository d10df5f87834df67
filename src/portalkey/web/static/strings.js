export const strings = {
  en: {
    opens: "Opens a new window",
    show: "Show window",
    again: "Start again",
    retry: "Try again",
    here: "Continue in this tab",
    copy: "Copy link",
    copied: "Link copied. Open it in a browser tab.",
    cancel: "Cancel",
    manage: "Manage",
    waiting: "Finish connecting in the HubSpot window.",
    slow: "Still waiting for HubSpot. Can’t find the window? Start again.",
    unobservable: "We can’t see the HubSpot window. Finish there, or start again.",
    verifying: "Checking your connection…",
    connected: "Connected to HubSpot",
    connected_to: "Connected to {}",
    cancelled: "Cancelled. Nothing was changed.",
    blocked: "Your browser blocked the window. Allow pop-ups or continue in this tab.",
    expired: "This attempt timed out. Please start again.",
    needs_reconnect: "HubSpot ended this connection. Connect again to continue.",
    framed: "No window opens from here. Open this address in a browser tab: {}",
    in_app: "Connecting may fail inside this app. Open this page in your browser: {}",
    signed_out: "You are signed out. Sign in again in another tab; this page will follow.",
    unreachable: "We cannot reach the server just now. We keep trying.",
    intercepted: "Something in this app answers in HubSpot’s place. Please tell whoever runs it.",
    unknown: "We never heard how this ended. Please reload the page.",
    failed: "We could not connect to HubSpot. Please try again in a moment.",
    reference: "Reference",
  },
};

if (document.querySelector("[lang|=de]") || /\bde/.test(navigator.languages))
  strings.de = (await import("./strings-de.js")).de;
