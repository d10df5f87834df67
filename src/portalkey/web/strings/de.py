"""Alle Texte unserer Seiten auf Deutsch; die Schlüssel sind in ``en`` beschrieben."""

SENTENCES = {
    "at_hubspot": "Wir warten auf HubSpot. Diese Seite sieht von selbst wieder nach.",
    "exchanging": "HubSpot hat zugestimmt, die Verbindung entsteht gerade. Einen Augenblick bitte.",
    "declined": (
        "Sie haben bei HubSpot nicht zugestimmt: Dieser App wurde nichts erlaubt, und es wurde "
        "nichts geändert. Dürfen Sie dort keine Apps installieren, fragen Sie einen Super-Admin."
    ),
    "cancelled": "Dieser Versuch wurde in der App abgebrochen. Es wurde nichts geändert.",
    "expired": "Dieser Versuch hat zu lange gedauert. Bitte beginnen Sie neu.",
    "attempt_expired": "HubSpot hat diesen Versuch beendet. Bitte beginnen Sie neu.",
    "attempt_mismatch": (
        "Dieser Versuch wurde von jemand anderem oder anderswo begonnen. "
        "Bitte melden Sie sich in der App an und beginnen Sie neu."
    ),
    "signed_in_again": "Sie haben sich inzwischen neu angemeldet; bitte beginnen Sie noch einmal.",
    "interrupted": "Die Verbindung wurde unterbrochen. Bitte beginnen Sie neu.",
    "inactive": "HubSpot nimmt diese Verbindung nicht mehr an. Bitte verbinden Sie das Konto neu.",
    "bad_answer": "Die letzte Antwort von HubSpot war nicht zu verstehen.",
    "no_key_opens": "Der App fehlt ein Schlüssel. Darum muss sich der Betreiber der App kümmern.",
    "wrong_account": (
        "Statt des Kontos, das neu verbunden werden sollte, kam ein anderes zurück. "
        "Es wurde nichts geändert; bitte wählen Sie das richtige Konto."
    ),
    "scopes_missing": (
        "Das HubSpot-Konto hat nicht alles erlaubt, was diese App braucht. "
        "Bitte stimmen Sie allem zu, oder fragen Sie einen Super-Admin."
    ),
    "needs_reconnect": (
        "HubSpot nimmt diese Verbindung nicht mehr an. Bitte verbinden Sie das Konto neu."
    ),
    "failing": (
        "HubSpot war nicht erreichbar, als der Zugriff erneuert werden sollte. "
        "Die App versucht es von selbst weiter; Sie müssen nichts tun."
    ),
    "hubspot_unavailable": (
        "HubSpot ist gerade nicht erreichbar. Bitte versuchen Sie es gleich noch einmal."
    ),
    "rate_limited": "HubSpot bittet um eine Pause. Bitte versuchen Sie es gleich noch einmal.",
    "too_many_attempts": (
        "Hier wurden in kurzer Zeit viele Verbindungsversuche begonnen, darum muss dieser warten. "
        "Es wurde nichts geändert."
    ),
    "store_busy": "Die App ist gerade ausgelastet. Bitte versuchen Sie es gleich noch einmal.",
    "store_unusable": (
        "Die App kann nicht lesen oder schreiben, was sie aufbewahrt. "
        "Wer sie betreibt, muss sich darum kümmern."
    ),
    "store_is_copy": (
        "Dies ist eine Kopie der App zum Ausprobieren, die diesen Zugriff nicht erneuert. "
        "Verbinden Sie das Konto hier, um weiterzumachen."
    ),
    "hubspot_unreachable": (
        "Diese App erreicht HubSpot nicht. Darum muss sich ihr Betreiber kümmern."
    ),
    "hubspot_refused": "HubSpot nimmt diese App nicht an. Darum muss sich ihr Betreiber kümmern.",
    "unknown_attempt": (
        "Diese Seite gehört zu einem Versuch, der nicht in diesem Browser begonnen wurde. "
        "Bitte beginnen Sie in der App neu."
    ),
    "unknown_origin": (
        "Die Seite, von der Sie kommen, darf HubSpot nicht mit dieser App verbinden. "
        "Es wurde nichts verbunden."
    ),
    "other_address": (
        "Die App ist hier unter einer anderen Adresse als ihrer eigenen geöffnet, und HubSpot "
        "führt nur zu dieser zurück. Es wurde nichts getan. Bitte machen Sie dort weiter; "
        "vielleicht müssen Sie sich neu anmelden."
    ),
    "session_full": (
        "Die App merkt sich zu diesem Besuch so viel, dass Ihr Browser es verwerfen würde; darum "
        "lässt sich nichts verbinden. Ihr Betreiber muss sich darum kümmern."
    ),
    "start_not_opened": (
        "Ein Skript hat diese Seite geholt, oder eine andere zeigt sie in einem Rahmen, statt sie "
        "in einem Fenster zu öffnen. Laden Sie die App neu und drücken Sie dort noch einmal. Für "
        "den Betreiber: Nehmen Sie diesen Link von dem aus, was Seiten holt oder rahmt."
    ),
    "start_elsewhere": (
        "Diese Seite wurde unter einer anderen Adresse erreicht als der der App. Öffnen Sie die "
        "App unter der Adresse, die Sie kennen. Für den Betreiber: PORTALKEY_PUBLIC_URL und die "
        "Adresse im Browser müssen dieselben sein."
    ),
    "start_taken": (
        "Dieser Versuch hat schon begonnen. Schließen Sie das Fenster und beginnen Sie in der App "
        "neu."
    ),
    "session_missing": (
        "Ihr Browser hat kein Cookie der App mitgeschickt. Erlauben Sie Cookies für diese Website "
        "und melden Sie sich neu an. Für den Betreiber: Ein Secure-Cookie braucht https, und "
        "keines darf für einen anderen Pfad oder eine andere Domain gelten."
    ),
    "session_lost": (
        "Die App erkennt die Sitzung nicht, die sie eben mit Ihnen begonnen hat. Melden Sie sich "
        "ab und wieder an und beginnen Sie neu. Für den Betreiber: Ihr Cookie ist vielleicht voll "
        "(über 4096 Byte verwirft es der Browser), wird unterwegs geleert, oder jeder Prozess hat "
        "einen Schlüssel für sich."
    ),
    "not_from_here": (
        "HubSpot hat Sie hierher geschickt, ohne dass in dieser App und in diesem Browser ein "
        "Versuch begonnen wurde. Es wurde nichts verbunden. "
        "Um Ihr HubSpot-Konto zu verbinden, beginnen Sie bitte in der App."
    ),
    "signed_out": (
        "Sie sind abgemeldet. Melden Sie sich in der App an und verbinden Sie HubSpot von dort."
    ),
    "forgery_refused": (
        "Das kam nicht von einer Seite dieser App. "
        "Bitte laden Sie die Seite neu und versuchen Sie es noch einmal."
    ),
    "not_found": "Unter diesem Namen gibt es hier nichts.",
    "debug_app": (
        "Die App läuft im Debug-Modus und gibt kein Token heraus. "
        "Ihr Betreiber muss ihn ausschalten."
    ),
    "already_delivered": "Dieses Token wurde schon ausgegeben, oder es ist zu spät dafür.",
    "bad_next": "Zu dieser Seite kann die App nicht zurückführen.",
    "not_connected": "Dieses HubSpot-Konto ist nicht verbunden.",
    "may_not_disconnect": (
        "Sie dürfen dieses Konto nicht trennen; fragen Sie, wer es für Ihr Team betreut."
    ),
    "may_not_deliver": (
        "Bestätigen Sie in der App, dass Sie es sind, und versuchen Sie es noch einmal."
    ),
    "unsupported_type": (
        "Eine Anfrage muss ein einfaches Formular oder JSON sein; diese war keines von beiden."
    ),
}

TITLES = {
    "title:too_many_attempts": "Bitte warten Sie einen Augenblick",
    "title:start_not_opened": "Diese Seite muss geöffnet werden",
    "title:start_elsewhere": "Nicht unter dieser Adresse",
    "title:start_taken": "Bitte in der App neu beginnen",
    "title:session_missing": "Ihre Sitzung fehlt",
    "title:session_lost": "Ihre Sitzung ging verloren",
    "title:not_from_here": "Nicht verbunden",
    "title:signed_out": "Bitte melden Sie sich an",
    "title:unknown_attempt": "Bitte in der App neu beginnen",
    "title:store_busy": "Gleich noch einmal",
    "title:unknown_origin": "Nicht von dieser Seite aus",
    "title:other_address": "Bitte unter der eigenen Adresse der App",
    "title:forgery_refused": "Es wurde nichts getan",
    "title:may_not_disconnect": "Weiterhin verbunden",
    "title:unsupported_type": "Es wurde nichts getan",
}

PAGES = {
    "otherwise": (
        "Etwas ist schiefgegangen, und es wurde nichts verbunden. "
        "Der Betreiber der App kann den Grund nachsehen."
    ),
    "title:otherwise": "Hier geht es nicht weiter",
    "simulator": "Simulator.",
    "simulator_what": "HubSpot wird hier von einem lokalen Simulator gespielt.",
    "back": "Zurück zur App",
    "open_there": "Die App unter {address} öffnen",
    "may_close": "Sie können dieses Fenster schließen.",
    "wait_seconds": "Versuchen Sie es in {seconds} Sekunden noch einmal.",
    "wait_minutes": "Versuchen Sie es in {minutes} Minuten noch einmal.",
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

WORDS = {**SENTENCES, **TITLES, **PAGES}
