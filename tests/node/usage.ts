// Never run: every export of connect.d.ts, used rightly, and misused where that has to be refused.
import {
  bestMode,
  connect,
  follow,
  isInApp,
  strings,
  type EndStatus,
  type Options,
  type Pending,
  type Result,
  type State,
  type Strings,
  type Trouble,
  type WaitingState,
} from "../../src/portalkey/web/static/connect.js";

const href = "/auth/hubspot/start?t=token";

// connect()
const pending: Pending = connect({ href });
const everything: Options = {
  href,
  statusUrl: "/prefix/api/hubspot/status",
  language: "de",
  deliver: true,
  signal: AbortSignal.timeout(1000),
  onchange(state: WaitingState, trouble: Trouble | null) {
    // @ts-expect-error an end is told by the promise, not by a change
    if (state === "connected") return;
    if (trouble === "signed_out") pending.leave();
  },
};
connect(everything).show();
// @ts-expect-error the address is needed
connect({});
// @ts-expect-error a misspelt option does nothing
connect({ href, statusURL: "/api/hubspot/status" });
// @ts-expect-error an address is text
connect({ href: new URL(href, "http://localhost") });

// follow()
follow({ href, attempt: pending.attempt });
follow({ ...everything, attempt: pending.attempt, began: pending.began });
// @ts-expect-error which attempt?
follow({ href });

// What they return
const ended: Result = await pending;
const told: boolean = await pending.cancel();
const canShow: boolean = pending.canShow;
const line: string = `${ended.attempt}: ${ended.error ?? "well"} ${ended.message} ${ended.expires_in} ${told} ${canShow}`;
// @ts-expect-error the attempt's id cannot be chosen afterwards
pending.attempt = line;
// @ts-expect-error the end may lack an error
ended.error.length;
// @ts-expect-error the access token may lack
ended.access_token.length;
// @ts-expect-error the refresh token never leaves the server
ended.refresh_token;

// Every end is known.
function isGood(status: EndStatus): boolean {
  switch (status) {
    case "connected":
      return true;
    case "failed":
    case "cancelled":
    case "expired":
    case "blocked":
    case "unknown":
      return false;
  }
}
isGood(ended.status);

// bestMode() and isInApp()
const mode: "popup" | "redirect" = isInApp() ? "redirect" : bestMode();
// @ts-expect-error there is no third way
if (mode === "tab") connect({ href });

// strings
strings.en.connected = "Connected.";
strings.en["failed:wrong_account"] = "That was another account.";
strings["fr"] = { connected: "Connecté." };
const french: Strings | undefined = strings["fr"];
french?.waiting?.trim();
// @ts-expect-error another language may lack it
strings["it"].connected;
// @ts-expect-error nothing is called that
strings.en.conected = "Connected.";

// <hubspot-connect>
const element = document.createElement("hubspot-connect");
element.addEventListener("hubspot-connect", (event) => {
  const { status, error, attempt }: Result = event.detail;
  if (!isGood(status)) console.warn(error, attempt);
  event.preventDefault();
});
document.addEventListener("hubspot-connect", ({ detail }) => isGood(detail.status));
// @ts-expect-error the event carries a result
element.addEventListener("hubspot-connect", (event: CustomEvent<number>) => event.detail);
const state = element.getAttribute("state") as State;
if (state === "needs_reconnect" || state === "in_app" || state === "slow") element.click();
// @ts-expect-error no such state
if (state === "loading") element.click();
