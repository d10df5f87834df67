"""All texts of our pages in English, beside the sentences by error code.

Whatever HubSpot or a visitor said gets in by name only. The templates ask for the keys.
"""

PAGES = {
    # Every page.
    "simulator": "Simulator.",
    "simulator_what": "Only HubSpot is simulated here, on this machine.",
    "back": "Back to {app}",
    "open_there": "Go to {address}",
    # The popup.
    "may_close": "You can close this window.",
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
    "reference": "If this keeps happening, give {app} this reference:",
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
    "confirm": "Connect {account}?",
    "confirm_other": "This is not the HubSpot account of last time. Nothing is connected yet.",
    "confirm_from": "From HubSpot",
    "confirm_to": "To {app}",
    "confirm_id": "Account {hub_id}",
    "confirm_as": "Agreed to by {person}",
    "confirm_live": "Connected so far",
    "confirm_before": "Last time",
    "confirm_yes": "Connect {account}",
    "confirm_no": "Not this account",
    "confirm_wait": "Left undecided, nothing is connected.",
    # A link for somebody without a login.
    "invite_title": "{inviter} invites you",
    "invite": "{inviter} asks to connect your HubSpot account to {app}",
    "invite_for": "They prepared this link for an admin of {account}.",
    "invite_for_any": "They prepared this link for an admin of the HubSpot account.",
    "invite_no_login": "You need no account with {app}.",
    "invite_could": "{app}, for {inviter}, could then",
    "invite_ends": "Link ends on",
    "invite_decline": "Decline",
    "invite_unknown": (
        "You can end it at any time in HubSpot. If you do not know {inviter}, close this page: "
        "nothing happens."
    ),
    "invite_over": "This link is no longer valid",
    "invite_over_what": "It has ended, or was used already. Ask {inviter} for a new one.",
    "invite_over_unknown": (
        "It has ended, was used already, or is not complete. Ask whoever sent it for a new one."
    ),
    "invited": "On to HubSpot",
    "invited_what": "HubSpot shows what {app} may do, and asks you to agree.",
    "invitations": "Links sent to somebody else",
    "invitation:open": "Not opened yet; ends on {date}.",
    "invitation:opened": "Opened on {date}, and not finished yet.",
    "invitation:used": "Used on {date}.",
    "invitation_any": "For any HubSpot account",
    # An install that began at HubSpot.
    "install": "Connect what was installed at HubSpot?",
    "install_why": (
        "{app} was installed in this HubSpot account, in this browser. Nothing is connected yet. "
        "Go on only if you installed it yourself, and the account is yours or your company’s."
    ),
    "install_again": (
        "{account} is connected here already. With your yes, this install takes the place of that "
        "connection, as reconnecting does."
    ),
    "install_again_by": (
        "{account} is connected here already, by {person}. With your yes, this install takes the "
        "place of that connection, as reconnecting does."
    ),
    "install_lost": (
        "This install does not have what that connection has: {permissions}. "
        "To get it again, reconnect here afterwards, and agree to it at HubSpot."
    ),
    "install_waits": "An install at HubSpot waits for your answer.",
    "install_look": "Look at it",
    "framed": "One step is left",
    "framed_why": (
        "HubSpot has given {app} access to {account}, and nothing is connected yet. "
        "{app} opens beside this page, and asks there whether it is meant for you."
    ),
    "framed_go": "Go on in {app}",
    "framed_later": "Not now",
    # The setup page.
    "setup": "HubSpot connection",
    "setup_some": "Accounts that {app} works with for {owner}.",
    "setup_some_here": "Accounts that {app} works with.",
    "setup_none_here": "No account is connected yet.",
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
