"""All texts of our pages in English, beside the sentences by error code.

Whatever HubSpot or a visitor said gets in by name only. The templates ask for the keys.
"""

PAGES = {
    # Every page.
    "simulator": "Simulator.",
    "simulator_what": "HubSpot is played by a local simulator here.",
    "back": "Back to the app",
    "open_there": "Open the app at {address}",
    # The popup.
    "may_close": "You can close this window.",
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
