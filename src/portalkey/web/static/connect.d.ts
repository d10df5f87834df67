/**
 * How an attempt ended, by the server's word; or `blocked`: the window never opened, and nothing was begun.
 * `unknown`: nobody can say. With the error `unheard` the attempt's time passed without a word of the server's;
 * without one, `follow()` was asked for what whoever is signed in now has never begun.
 */
export type EndStatus = "connected" | "failed" | "cancelled" | "expired" | "blocked" | "unknown";

/**
 * What can be said while nothing is decided. `unobservable`: the window looks closed, which proves nothing.
 * `framed`: no window can be opened from this frame, so somebody has to open `address` by hand.
 */
export type WaitingState = "waiting" | "slow" | "unobservable" | "verifying" | "framed";

/**
 * Why the server does not say more just now. The wait goes on. `intercepted`: something else answered in its place,
 * such as a service worker with the app's own page. `asking`: another account than last time came back, and the person
 * is asked in the window whether it is meant.
 */
export type Trouble = "signed_out" | "unreachable" | "intercepted" | "asking";

/** The states of `<hubspot-connect>`, as its `state` attribute shows them. */
export type State = "idle" | "needs_reconnect" | "in_app" | WaitingState | EndStatus;

export interface Result {
  status: EndStatus;
  /** The code of what went wrong, or null. */
  error: string | null;
  /** The server's sentence about it, in the language of the attempt, or null. */
  message: string | null;
  /** The account that was connected, by its domain or else its id; null for another session than began it. */
  account: string | null;
  /** The attempt's id: a name that people can quote, never an authority. */
  attempt: string;
  /** Only with `deliver`, where the app delivers at all: keep both out of storage and logs. */
  access_token?: string;
  /** How many seconds the access token lives on. */
  expires_in?: number;
}

export interface Options {
  /** The start address that the server rendered, its token included. */
  href: string;
  /** Where to ask; derived from `href` unless the app moved it. */
  statusUrl?: string;
  /** The language of the popup's pages, such as "de". */
  language?: string;
  /** Fetch the access token once connected, which works once and where the app delivers at all. */
  deliver?: boolean;
  /** Aborting stops the waiting and rejects the promise with the signal's reason; the attempt lives on. */
  signal?: AbortSignal;
  /** Called when what can be said has changed. */
  onchange?(state: WaitingState, trouble: Trouble | null): void;
}

/** The wait, and what can be done meanwhile. */
export interface Pending extends Promise<Result> {
  readonly attempt: string;
  /** When it began, in milliseconds as `Date.now()` counts them. With `attempt`, all that `follow()` needs. */
  readonly began: number;
  /** What to open by hand, in a frame that can open no window; it holds no secret. */
  readonly address: string | undefined;
  /** Whether there is a window to show: not so after a reload. */
  readonly canShow: boolean;
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

/** Wait on, without a window, for an attempt that was begun before this page was loaded. */
export function follow(options: Options & { attempt: string; began?: number }): Pending;

/** `redirect` on small touch screens, in installed apps and inside of other apps; `popup` elsewhere and in frames. */
export function bestMode(): "popup" | "redirect";

/** Whether this is a browser inside of another app, where signing in may fail. */
export function isInApp(): boolean;

/**
 * Everything `<hubspot-connect>` says in one language, but for why an attempt failed: the server says that.
 * `{}` stands for the account or the address.
 */
export interface Strings {
  opens?: string;
  show?: string;
  again?: string;
  retry?: string;
  here?: string;
  copy?: string;
  copied?: string;
  cancel?: string;
  manage?: string;
  waiting?: string;
  slow?: string;
  unobservable?: string;
  asking?: string;
  verifying?: string;
  connected?: string;
  connected_to?: string;
  cancelled?: string;
  blocked?: string;
  expired?: string;
  needs_reconnect?: string;
  framed?: string;
  in_app?: string;
  signed_out?: string;
  unreachable?: string;
  intercepted?: string;
  unknown?: string;
  failed?: string;
  reference?: string;
  /** By the error code of the attempt, to say it otherwise than the server does. */
  [error: `failed:${string}`]: string | undefined;
}

/**
 * By language. Assign to an entry, or add a language: what it lacks is said in English.
 * German is there where the page or its reader speaks it.
 */
export const strings: { en: Required<Strings>; de?: Strings; [language: string]: Strings | undefined };

declare global {
  interface HTMLElementTagNameMap {
    /**
     * Wraps a link to the start address. `data-mode`: popup, redirect or auto (the default). `data-status-url`,
     * `data-reload`. `data-state`: what the app knows already, "connected" with `data-account`, "needs_reconnect" or
     * "idle"; it may be set at any time, and counts while nothing is under way. `data-manage-url`: where "Manage"
     * leads once connected; without it there is no such link. `data-offer-class`: the class of the buttons offered.
     * `data-key`: tells this element from the others of the page over a reload, where their order may change.
     */
    "hubspot-connect": HTMLElement;
  }
  interface GlobalEventHandlersEventMap {
    /** Before anything is begun; `preventDefault()` says no. Bubbles up to the window. */
    "hubspot-connect:begin": CustomEvent<null>;
    /** Bubbles up to the window; `preventDefault()` keeps `data-reload` from reloading the page. */
    "hubspot-connect": CustomEvent<Result>;
  }
}
