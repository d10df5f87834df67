/** Everything `<hubspot-connect>` says; assign to an entry to say it otherwise. {id} is the attempt's id. */
export const strings = {
  opens: "Opens a new window",
  show: "Show window",
  again: "Start again",
  cancel: "Cancel",
  waiting: "Finish connecting in the HubSpot window.",
  unseen: "We cannot see the HubSpot window. If it is still open, finish there and this page will follow.",
  verifying: "Checking your connection…",
  connected: "Connected to HubSpot.",
  cancelled: "Cancelled. Nothing was changed.",
  expired: "This attempt timed out. Please start again.",
  unsent: "We could not reach the server. Please try again.",
  failed: "We could not connect to HubSpot. Please try again. (Reference: {id})",
  /** By the error code of the attempt; any other code says `failed`. */
  errors: {
    declined: "HubSpot was not given permission. Nothing was changed.",
    attempt_expired: "This attempt timed out. Please start again.",
    attempt_mismatch: "This attempt was begun by somebody else or elsewhere. Please start again.",
    wrong_account: "That was another HubSpot account. Start again and choose the one to reconnect.",
    scopes_missing: "HubSpot did not grant all that is needed. Start again and agree to all of it.",
    interrupted: "We were interrupted while connecting. Please start again.",
    hubspot_refused: "HubSpot does not accept this app. Please tell whoever runs it. (Reference: {id})",
    hubspot_unavailable: "HubSpot cannot be reached just now. Try again in a moment.",
    rate_limited: "HubSpot asks us to slow down. Try again in a moment.",
    store_busy: "We are busy just now. Try again in a moment.",
  },
};
