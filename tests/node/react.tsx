// Never run: the element in React, as examples/react types it.
import type {} from "../../src/portalkey/web/static/connect.js";
import type {} from "../../examples/react/hubspot-connect.d.ts";

export const well = (
  <hubspot-connect data-mode="popup" onhubspot-connect={({ detail }) => detail.status === "connected"}>
    <a href="/auth/hubspot/start">Connect</a>
  </hubspot-connect>
);
// @ts-expect-error there is no third way
export const badly = <hubspot-connect data-mode="tab" />;
// @ts-expect-error the event carries a result
export const wrongly = <hubspot-connect onhubspot-connect={({ detail }) => detail.token} />;
