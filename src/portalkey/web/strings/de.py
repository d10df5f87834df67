"""Dieselben Texte auf Deutsch; die Schlüssel sind dieselben wie in ``en``."""

PAGES = {
    "simulator": "Simulator.",
    "simulator_what": "HubSpot wird hier von einem lokalen Simulator gespielt.",
    "back": "Zurück zur App",
    "open_there": "Die App unter {address} öffnen",
    "may_close": "Sie können dieses Fenster schließen.",
    "closing": "Dieses Fenster schließt sich in {seconds} Sekunden.",
    "close": "Fenster schließen",
    "connecting": "Verbindung mit HubSpot …",
    "go_on": "Weiter",
    "look_again": "Noch einmal nachsehen",
    "try_again": "Noch einmal versuchen",
    "connected": "Mit HubSpot verbunden",
    "connected_to": "Verbunden mit {account}.",
    "connected_less": (
        "Verbunden, doch HubSpot hat nicht alles erlaubt, worum diese App gebeten hat."
    ),
    "not_connected_title": "Nicht mit HubSpot verbunden",
    "not_connected_heading": "Nicht verbunden",
    "reference": "Kennung",
    "start": "Mit HubSpot verbinden?",
    "start_why": (
        "Wir können nicht erkennen, ob Sie dies in der App begonnen haben. Gehen Sie nur weiter, "
        "wenn Sie ein HubSpot-Konto verbinden wollten, und zwar für:"
    ),
    "start_go": "Weiter zu HubSpot",
    "expected": "Neu zu verbinden ist {account}.",
    "again": "{account} neu verbinden",
    "further": "Das andere Konto zusätzlich verbinden",
    "again_in_app": "Für einen neuen Versuch drücken Sie in der App bei {account} „Neu verbinden“.",
    "further_in_app": (
        "Soll das andere Konto hinzukommen, drücken Sie dort „Weiteres Konto verbinden“."
    ),
    "setup": "Verbindung mit HubSpot",
    "setup_some": "Verbundene Konten von {owner}.",
    "setup_none": "Für {owner} ist noch kein Konto verbunden.",
    "intro": (
        "Einmal verbunden, arbeitet diese App mit den Daten Ihres HubSpot-Kontos, soweit Sie es "
        "erlauben und bis Sie die Verbindung hier trennen."
    ),
    "wanted": "Wozu HubSpot um Ihre Zustimmung bitten wird",
    "wanted_optional": "Nur, wenn Ihr Konto es bietet",
    "status:connected": "Verbunden",
    "status:failing": "Verbunden, mit Störung",
    "status:needs_reconnect": "Muss neu verbunden werden",
    "note_reconnect": (
        "{account} muss neu verbunden werden. Drücken Sie unten „Neu verbinden“ "
        "und wählen Sie bei HubSpot dasselbe Konto."
    ),
    "note_fine": "{account} ist verbunden. Es ist nichts zu tun.",
    "lacks_required": "HubSpot hat nicht alles erlaubt, was diese App braucht. Es fehlt:",
    "lacks_optional": "HubSpot hat nicht alles erlaubt, was diese App nutzen könnte. Es fehlt:",
    "who_may": (
        "Erlauben kann es ein Super-Admin dieses HubSpot-Kontos oder wer dort die Berechtigung "
        "„App Marketplace access“ hat. Bitte neu verbinden und allem zustimmen."
    ),
    "edition": "Manche Berechtigungen gibt es nur in bestimmten HubSpot-Editionen.",
    "account": "HubSpot-Konto",
    "account_name": "HubSpot-Konto {hub_id}",
    "connected_by": "Verbunden von",
    "since": "Seit",
    "time_zone": "Zeitzone",
    "kind:DEVELOPER_TEST": "Entwickler-Testkonto",
    "kind:SANDBOX": "Sandbox",
    "kind:APP_DEVELOPER": "Entwicklerkonto",
    "granted": "Erteilte Berechtigungen: {number}",
    "granted_unknown": "HubSpot hat noch nicht gesagt, welche Berechtigungen erteilt sind.",
    "reconnect": "Neu verbinden",
    "reconnect_account": "Neu verbinden: {account}",
    "disconnect": "Trennen",
    "disconnect_account": "Trennen: {account}",
    "disconnect_what": (
        "Wenn Sie trennen, kommt diese App nicht mehr an das Konto. In HubSpot wird nichts "
        "gelöscht, und die App bleibt dort installiert, bis sie in HubSpot entfernt wird."
    ),
    "connect": "Mit HubSpot verbinden",
    "connect_another": "Weiteres Konto verbinden",
    "date": "{day}. {month} {year}, {time} Uhr (UTC)",
    "months": (
        "Januar, Februar, März, April, Mai, Juni, "
        "Juli, August, September, Oktober, November, Dezember"
    ),
}
