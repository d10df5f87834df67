"""All texts of our pages in English. Whatever HubSpot or a visitor said gets in by name only.

A key of ``SENTENCES`` is an error code, or where an attempt stands (``signed_in_again`` is the
``attempt_mismatch`` of a session); one of ``TITLES`` is ``title:`` and such a code. All others are
asked for by the templates.
"""

SENTENCES = {
    "at_hubspot": "Waiting for HubSpot. This page looks again by itself.",
    "exchanging": "HubSpot has agreed; the connection is being made. This takes a moment.",
    "declined": (
        "You did not agree at HubSpot: this app was not given permission, and nothing was changed. "
        "If you may not install apps there, ask a Super Admin."
    ),
    "cancelled": "This attempt was cancelled in the app. Nothing was changed.",
    "expired": "This attempt took too long. Please start again.",
    "attempt_expired": "HubSpot says this attempt is over. Please start again.",
    "attempt_mismatch": (
        "This attempt was begun by somebody else or elsewhere. "
        "Sign in to the app, then start again."
    ),
    "signed_in_again": "You signed in again meanwhile; start once more.",
    "interrupted": "The connection was interrupted. Please start again.",
    "inactive": "HubSpot no longer accepts this connection. Please connect again.",
    "bad_answer": "HubSpot’s last answer could not be understood.",
    "no_key_opens": "A key of the app is missing. Whoever runs the app has to look into it.",
    "wrong_account": (
        "A different HubSpot account came back than the one to be reconnected. "
        "Nothing was changed; "
        "please choose that account."
    ),
    "scopes_missing": (
        "The HubSpot account did not grant what this app needs. "
        "Agree to all of it, or ask a Super Admin."
    ),
    "needs_reconnect": "HubSpot no longer accepts this connection. Please connect again.",
    "failing": (
        "HubSpot could not be reached when access was to be renewed. "
        "The app keeps trying by itself; you need not do anything."
    ),
    "hubspot_unavailable": "HubSpot cannot be reached just now. Please try again in a moment.",
    "rate_limited": "HubSpot is asking for a pause. Please try again in a moment.",
    "too_many_attempts": (
        "Many attempts to connect were begun here in a short time, so this one has to wait. "
        "Nothing was changed."
    ),
    "store_busy": "The app is busy just now. Please try again in a moment.",
    "store_unusable": (
        "The app cannot read or write what it keeps. Whoever runs it has to look into that."
    ),
    "store_is_copy": (
        "This is a copy of the app for trials, which does not renew this access. "
        "Connect the account here to go on."
    ),
    "hubspot_unreachable": (
        "This app cannot reach HubSpot. Whoever runs it has to look into that."
    ),
    "hubspot_refused": "HubSpot does not accept this app. Whoever runs it has to look into that.",
    "unknown_attempt": (
        "This page belongs to an attempt that this browser did not begin. "
        "Please start again from the app."
    ),
    "unknown_origin": (
        "The page that sent you here is not one that may connect HubSpot for this app. "
        "Nothing was connected."
    ),
    "other_address": (
        "This app is open here under another address than its own, and HubSpot leads back to its "
        "own only. Nothing was done. Please go on there; you may have to sign in again."
    ),
    "session_full": (
        "The app keeps so much about this visit that your browser would drop it, so nothing can be "
        "connected. Whoever runs the app has to look into that."
    ),
    "start_not_opened": (
        "A script fetched this page, or another page frames it, instead of opening it in a window. "
        "Reload the app and press its link again. Whoever runs the app: take this link out of what "
        "fetches or frames pages."
    ),
    "start_elsewhere": (
        "This page was reached by another address than the app’s own. Open the app at the address "
        "that you know it by. Whoever runs the app: PORTALKEY_PUBLIC_URL and the address in the "
        "browser have to be the same."
    ),
    "start_taken": (
        "This attempt has begun already. Close this window and start again from the app."
    ),
    "session_missing": (
        "Your browser sent no cookie of the app’s along. Allow cookies for this site and sign in "
        "again. Whoever runs the app: a Secure cookie needs https, and none may be for another "
        "path or domain."
    ),
    "session_lost": (
        "The app does not recognize the session that it began with you a moment ago. Sign out, "
        "sign in and start again. Whoever runs the app: its session’s cookie may be full (browsers "
        "drop one over 4096 bytes), emptied on the way, or signed with a key for each process."
    ),
    "not_from_here": (
        "HubSpot sent you here without an attempt that began in this app and in this browser. "
        "Nothing was connected. To connect your HubSpot account, start from the app."
    ),
    "signed_out": "You are signed out. Sign in to the app, then connect HubSpot from there.",
    "forgery_refused": "This did not come from a page of this app. Reload the page and try again.",
    "not_found": "There is nothing of that name here.",
    "debug_app": (
        "The app is in debug mode and hands out no token. Whoever runs it has to turn that off."
    ),
    "already_delivered": "This token was handed out already, or it is too late for it.",
    "bad_next": "That is no page of this app to lead back to.",
    "not_connected": "This HubSpot account is not connected.",
    "may_not_disconnect": "You may not disconnect this account; ask whoever runs it for your team.",
    "may_not_deliver": "Confirm in the app that it is you, then try again.",
    "unsupported_type": "A request has to be a plain form, or JSON; this one was neither.",
}

TITLES = {
    "title:too_many_attempts": "Please wait a moment",
    "title:start_not_opened": "This page has to be opened",
    "title:start_elsewhere": "Not at this address",
    "title:start_taken": "Start again from the app",
    "title:session_missing": "Your session is missing",
    "title:session_lost": "Your session was lost",
    "title:not_from_here": "Not connected",
    "title:signed_out": "Please sign in",
    "title:unknown_attempt": "Start again from the app",
    "title:store_busy": "In a moment",
    "title:unknown_origin": "Not from this page",
    "title:other_address": "Please go on at the app’s own address",
    "title:forgery_refused": "Nothing was done",
    "title:may_not_disconnect": "Still connected",
    "title:unsupported_type": "Nothing was done",
}

PAGES = {
    # Where a code has no words of its own.
    "otherwise": (
        "Something went wrong, and nothing was connected. Whoever runs the app can look it up."
    ),
    "title:otherwise": "Something is in the way",
    # Every page.
    "simulator": "Simulator.",
    "simulator_what": "HubSpot is played by a local simulator here.",
    "back": "Back to the app",
    "open_there": "Open the app at {address}",
    # The popup.
    "may_close": "You can close this window.",
    "wait_seconds": "Try again in {seconds} seconds.",
    "wait_minutes": "Try again in {minutes} minutes.",
    "closing": "This window closes in {seconds} seconds.",
    "close": "Close window",
    "connecting": "Connecting to HubSpot…",
    "go_on": "Go on",
    "look_again": "Look again",
    "try_again": "Try again",
    "connected": "Connected to HubSpot",
    "connected_to": "Connected to {account}.",
    "connected_less": "Connected, but HubSpot did not grant everything that this app asked for.",
    "not_connected_title": "Not connected to HubSpot",
    "not_connected_heading": "Not connected",
    "reference": "Reference",
    "start": "Connect to HubSpot?",
    "start_why": (
        "We cannot tell whether you began this in the app. "
        "Go on only if you meant to connect a HubSpot account for:"
    ),
    "start_go": "Go on to HubSpot",
    "expected": "The account to reconnect is {account}.",
    "again": "Reconnect {account}",
    "further": "Connect the other account as a further one",
    "again_in_app": "To try again, go to the app and press “Reconnect” at {account}.",
    "further_in_app": "To have the other account as well, press “Connect another account” there.",
    # The setup page.
    "setup": "HubSpot connection",
    "setup_some": "Accounts connected for {owner}.",
    "setup_none": "No account is connected for {owner} yet.",
    "intro": (
        "Once connected, this app works with the data of your HubSpot account, "
        "within the permissions that you agree to, until you disconnect it here."
    ),
    "wanted": "What HubSpot will ask you to agree to",
    "wanted_optional": "If your account has it",
    "status:connected": "Connected",
    "status:failing": "Connected, with trouble",
    "status:needs_reconnect": "Has to be connected again",
    "note_reconnect": (
        "{account} has to be connected again. "
        "Press “Reconnect” below and choose the same account at HubSpot."
    ),
    "note_fine": "{account} is connected. There is nothing to do.",
    "lacks_required": "HubSpot did not grant everything that this app needs. Missing:",
    "lacks_optional": "HubSpot did not grant everything that this app could use. Missing:",
    "who_may": (
        "A Super Admin of this HubSpot account can grant it, or somebody who has the permission "
        "“App Marketplace access” there. Connect again and agree to all of it."
    ),
    "edition": "Some permissions exist in certain HubSpot editions only.",
    "account": "HubSpot account",
    "account_name": "HubSpot account {hub_id}",
    "connected_by": "Connected by",
    "since": "Since",
    "time_zone": "Time zone",
    "kind:DEVELOPER_TEST": "Developer test account",
    "kind:SANDBOX": "Sandbox",
    "kind:APP_DEVELOPER": "Developer account",
    "granted": "Permissions granted: {number}",
    "granted_unknown": "HubSpot has not said yet which permissions were granted.",
    "reconnect": "Reconnect",
    "reconnect_account": "Reconnect {account}",
    "disconnect": "Disconnect",
    "disconnect_account": "Disconnect {account}",
    "disconnect_what": (
        "Disconnecting takes this app’s access to the account away. Nothing in HubSpot is deleted, "
        "and the app stays installed there until it is removed in HubSpot."
    ),
    "connect": "Connect to HubSpot",
    "connect_another": "Connect another account",
    # Dates.
    "date": "{day} {month} {year}, {time} UTC",
    "months": (
        "January, February, March, April, May, June, "
        "July, August, September, October, November, December"
    ),
}

WORDS = {**SENTENCES, **TITLES, **PAGES}
