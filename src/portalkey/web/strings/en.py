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
    "back": "Back to {app}",
    "open_there": "Open {app} at {address}",
    # The popup.
    "may_close": "You can close this window.",
    "wait_seconds": "Try again in {seconds} seconds.",
    "wait_minutes": "Try again in {minutes} minutes.",
    "closing": "This window closes in {seconds} seconds.",
    "close": "Close window",
    "connecting": "Connecting…",
    "connecting_what": "HubSpot has answered, and {app} takes it from here.",
    "go_on": "Go on",
    "look_again": "Look again",
    "try_again": "Try again",
    "connected": "Connected to HubSpot",
    "connected_to": "Connected to {account}.",
    "connected_heading": "Connected to {account}",
    "connected_what": "{app} works with this HubSpot account from now on.",
    "not_connected_heading": "Not connected",
    "reference": "If it stays, tell {app} this reference:",
    "start": "Connect HubSpot to {app}?",
    "start_why": (
        "Go on only if you began this yourself. "
        "Next, HubSpot shows what {app} may do and asks you to agree."
    ),
    "start_go": "Continue to HubSpot",
    "not_now": "Not now",
    "signed_in": "Signed in as",
    "app": "App",
    "expected": "The account to reconnect is {account}.",
    "again": "Reconnect {account}",
    "further": "Connect the other account as well",
    # The setup page.
    "setup": "HubSpot connection",
    "setup_some": "Accounts that {app} works with for {owner}.",
    "setup_none": "No account is connected for {owner} yet.",
    "accounts": "Connected accounts",
    "first": "Connect your HubSpot account",
    "intro": (
        "{app} then works with the data of your account, within the permissions below, until you "
        "disconnect it here. You need to be a Super Admin there, or have “App Marketplace access”."
    ),
    "wanted": "{app} asks for",
    "wanted_optional": "if your account has it",
    "status:connected": "Connected",
    "status:failing": "Connected, retrying",
    "status:needs_reconnect": "Reconnect needed",
    "retrying": (
        "Access could not be renewed just now. "
        "{app} keeps trying by itself; you need not do anything."
    ),
    "ended": (
        "HubSpot ended this connection, and {app} can no longer work with the account. "
        "Reconnect and choose the same account at HubSpot."
    ),
    "fine": "This connection works, and there is nothing to do.",
    "lacks_required": (
        "HubSpot did not grant what {app} needs: {permissions}. "
        "Reconnect as a Super Admin and agree to all of it."
    ),
    "lacks_one": "One optional permission is missing: {permissions}. Everything else works.",
    "lacks_some": "Optional permissions are missing: {permissions}. Everything else works.",
    "lacks_why": (
        "Not every HubSpot plan has it. Where yours does, a Super Admin of the account, or "
        "somebody with “App Marketplace access”, can grant it: reconnect and agree to all of it."
    ),
    "not_granted": "not granted",
    "account": "Account",
    "account_name": "HubSpot account {hub_id}",
    "account_number": "Account {hub_id}",
    "connected_by": "Connected by",
    "connected_on": "Connected on",
    "renewed": "Last renewed",
    "kind:DEVELOPER_TEST": "Developer test account",
    "kind:SANDBOX": "Sandbox",
    "kind:APP_DEVELOPER": "Developer account",
    "may": "What {app} may do ({number})",
    "may_unknown": "HubSpot has not said yet which permissions were granted.",
    "reconnect": "Reconnect",
    "reconnect_account": "Reconnect {account}",
    "disconnect": "Disconnect…",
    "disconnect_account": "Disconnect {account}",
    "connect": "Connect HubSpot",
    "connect_another": "Connect another account",
    # Said once, at the first visit after it.
    "note_connected": "{account} is connected.",
    "note_connected_what": "{app} can work with it from now on.",
    "note_disconnected": "{account} was disconnected.",
    "note_disconnected_what": (
        "{app} can no longer see or change anything in it. The app stays listed in HubSpot until "
        "you remove it there, under Settings, Connected apps."
    ),
    # The page that asks before it disconnects.
    "leave": "Disconnect {account}?",
    "leave_which": "HubSpot account {hub_id}, connected by {user}",
    "leave_ends": "What ends",
    "leave_ends_what": (
        "{app} can no longer see or change anything in this account, at once and for everybody "
        "who uses this connection."
    ),
    "leave_stays": "What stays",
    "leave_stays_what": (
        "All data in HubSpot, and what {app} has already stored. "
        "The app stays listed in HubSpot until it is removed there."
    ),
    "leave_undo": "To undo",
    "leave_undo_what": (
        "Connect again. That needs a Super Admin of the account, or somebody with “App Marketplace "
        "access”."
    ),
    "leave_now": "Disconnect",
    "keep": "Keep it connected",
    # Dates.
    "just_now": "just now",
    "minutes_ago": "{number} minutes ago",
    "hour_ago": "an hour ago",
    "hours_ago": "{number} hours ago",
    "date": "{day} {month} {year}",
    "months": (
        "January, February, March, April, May, June, "
        "July, August, September, October, November, December"
    ),
}

WORDS = {**SENTENCES, **TITLES, **PAGES}
