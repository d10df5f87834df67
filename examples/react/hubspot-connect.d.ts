// For TypeScript: what React may say of the element. Copy connect.d.ts of portalkey's beside it.
import type { DetailedHTMLProps, HTMLAttributes } from "react";

interface HubSpotConnect extends DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement> {
  "data-mode"?: "popup" | "redirect" | "auto";
  "onhubspot-connect"?: (event: HTMLElementEventMap["hubspot-connect"]) => void;
}

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "hubspot-connect": HubSpotConnect;
    }
  }
}
