/** How an attempt ended. `redirected`: the window was blocked, so the same journey goes on in this tab. */
export type EndStatus = "connected" | "failed" | "cancelled" | "expired" | "redirected";

/** The states of `<hubspot-connect>`, as its `state` attribute shows them. */
export type State = "idle" | "waiting" | "verifying" | EndStatus;

export interface Result {
  status: EndStatus;
  /** The code of what went wrong, a key of `strings.errors` or a newer one; null otherwise. */
  error: string | null;
  /** The attempt's id: a name that people can quote, never an authority. */
  attempt: string;
}

export interface Options {
  /** The start address that the server rendered, its token included. */
  href: string;
  /** Where to ask; derived from `href` unless the app moved it. */
  statusUrl?: string;
  /** Aborting stops the waiting and rejects the promise with the signal's reason; the attempt lives on. */
  signal?: AbortSignal;
  /** Called after every answer. `seen` is false once the window looks closed, which proves nothing. */
  onchange?(state: "waiting" | "verifying", seen: boolean): void;
}

/** The wait, and what can be done meanwhile. */
export interface Pending extends Promise<Result> {
  readonly attempt: string;
  /** Bring the window to the front, where the browser allows it. */
  show(): void;
  /** End the attempt on the server. Resolves to false where the server could not be told. */
  cancel(): Promise<boolean>;
  /** Stop waiting without a result: the promise stays open for ever. */
  leave(): void;
}

/**
 * Open HubSpot in a popup and wait for the end, which only the server decides.
 * Call it inside the click, before any `await`, or the browser blocks the window.
 * Throws the signal's reason if that is aborted already.
 */
export function connect(options: Options): Pending;

/** Everything `<hubspot-connect>` says, by state or button; `{id}` stands for the attempt's id. */
export const strings: Record<
  | "opens" | "show" | "again" | "cancel"
  | "waiting" | "unseen" | "verifying" | "connected" | "cancelled" | "expired" | "unsent" | "failed",
  string
> & { errors: Record<string, string> };

declare global {
  interface HTMLElementTagNameMap {
    /** Wraps a link to the start address; `data-status-url`, `data-reload`. */
    "hubspot-connect": HTMLElement;
  }
  interface HTMLElementEventMap {
    /** Bubbles; `preventDefault()` keeps `data-reload` from reloading the page. */
    "hubspot-connect": CustomEvent<Result>;
  }
}
