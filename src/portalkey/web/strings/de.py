"""Dieselben Texte auf Deutsch; die Schlüssel sind dieselben wie in ``en``."""

PAGES = {
    "simulator": "Simulator.",
    "simulator_what": "Nur HubSpot ist hier simuliert, auf diesem Rechner.",
    "back": "Zurück zu {app}",
    "open_there": "Zu {address}",
    "may_close": "Sie können dieses Fenster schließen.",
    "closing": "Dieses Fenster schließt sich in {seconds} Sekunden.",
    "close": "Fenster schließen",
    "connecting": "Verbindung wird hergestellt …",
    "connecting_what": "HubSpot hat geantwortet, {app} übernimmt.",
    "go_on": "Weiter",
    "look_again": "Noch einmal nachsehen",
    "try_again": "Noch einmal versuchen",
    "connected": "Mit HubSpot verbunden",
    "connected_to": "Verbunden mit {account}.",
    "connected_heading": "Verbunden mit {account}",
    "connected_what": "{app} arbeitet ab jetzt mit diesem HubSpot-Konto.",
    "not_connected_heading": "Nicht verbunden",
    "reference": "Wenn das öfter passiert, nennen Sie {app} diese Kennung:",
    "start": "HubSpot mit {app} verbinden?",
    "start_why": (
        "Gehen Sie nur weiter, wenn Sie das selbst begonnen haben. "
        "HubSpot zeigt dann, was {app} tun darf, und bittet Sie um Zustimmung."
    ),
    "start_go": "Weiter zu HubSpot",
    "not_now": "Nicht jetzt",
    "signed_in": "Angemeldet als",
    "app": "App",
    "expected": "Neu zu verbinden ist {account}.",
    "again": "{account} neu verbinden",
    "further": "Das andere Konto zusätzlich verbinden",
    "confirm": "{account} verbinden?",
    "confirm_other": (
        "Das ist nicht das HubSpot-Konto vom letzten Mal. Noch ist nichts verbunden."
    ),
    "confirm_from": "Aus HubSpot",
    "confirm_to": "Zu {app}",
    "confirm_id": "Konto {hub_id}",
    "confirm_as": "Zugestimmt hat {person}",
    "confirm_live": "Bisher verbunden",
    "confirm_before": "Letztes Mal",
    "confirm_yes": "{account} verbinden",
    "confirm_no": "Nicht dieses Konto",
    "confirm_wait": "Ohne Ihre Antwort wird nichts verbunden.",
    "invite_title": "{inviter} lädt Sie ein",
    "invite": "{inviter} möchte Ihr HubSpot-Konto mit {app} verbinden",
    "invite_for": "Dieser Link ist für einen Admin von {account} gedacht.",
    "invite_for_any": "Dieser Link ist für einen Admin des HubSpot-Kontos gedacht.",
    "invite_no_login": "Sie brauchen kein Konto bei {app}.",
    "invite_could": "{app} könnte dann für {inviter}",
    "invite_ends": "Link gilt bis",
    "invite_decline": "Ablehnen",
    "invite_unknown": (
        "Sie können die Verbindung jederzeit in HubSpot beenden. Wenn Sie {inviter} nicht kennen, "
        "schließen Sie diese Seite: es geschieht nichts."
    ),
    "invite_over": "Dieser Link gilt nicht mehr",
    "invite_over_what": (
        "Er ist abgelaufen oder wurde schon benutzt. Bitten Sie {inviter} um einen neuen."
    ),
    "invite_over_unknown": (
        "Er ist abgelaufen, wurde schon benutzt oder ist nicht vollständig. Bitten Sie um einen "
        "neuen."
    ),
    "invited": "Weiter zu HubSpot",
    "invited_what": "HubSpot zeigt, was {app} darf, und bittet um Ihre Zustimmung.",
    "invitations": "Links an andere",
    "invitation:open": "Noch nicht geöffnet; gilt bis {date}.",
    "invitation:opened": "Geöffnet am {date}, noch nicht abgeschlossen.",
    "invitation:used": "Benutzt am {date}.",
    "invitation_any": "Für ein beliebiges HubSpot-Konto",
    "install": "Verbinden, was bei HubSpot installiert wurde?",
    "install_why": (
        "{app} wurde in diesem Browser in diesem HubSpot-Konto installiert. Noch ist nichts "
        "verbunden. Nur weiter, wenn Sie es selbst installiert haben und das Konto Ihres oder das "
        "Ihrer Firma ist."
    ),
    "install_again": (
        "{account} ist hier schon verbunden. Mit Ihrem Ja tritt diese Installation an die Stelle "
        "jener Verbindung, so wie beim erneuten Verbinden."
    ),
    "install_again_by": (
        "{account} ist hier schon verbunden, durch {person}. Mit Ihrem Ja tritt diese Installation "
        "an die Stelle jener Verbindung, so wie beim erneuten Verbinden."
    ),
    "install_lost": (
        "Dieser Installation fehlt, was jene Verbindung hat: {permissions}. Um es wieder zu "
        "bekommen, danach hier erneut verbinden und bei HubSpot zustimmen."
    ),
    "install_waits": "Eine Installation bei HubSpot wartet auf Ihre Antwort.",
    "install_look": "Ansehen",
    "framed": "Noch ein Schritt",
    "framed_why": (
        "HubSpot hat {app} den Zugang zu {account} gegeben, und noch ist nichts verbunden. "
        "{app} öffnet sich neben dieser Seite und fragt dort, ob es für Sie gedacht ist."
    ),
    "framed_go": "Weiter in {app}",
    "framed_later": "Jetzt nicht",
    "setup": "Verbindung mit HubSpot",
    "setup_some": "Konten, mit denen {app} für {owner} arbeitet.",
    "setup_some_here": "Konten, mit denen {app} arbeitet.",
    "setup_none_here": "Noch ist kein Konto verbunden.",
    "setup_none": "Für {owner} ist noch kein Konto verbunden.",
    "accounts": "Verbundene Konten",
    "first": "HubSpot-Konto verbinden",
    "intro": (
        "{app} arbeitet dann mit den Daten Ihres Kontos, soweit Sie es unten erlauben, bis Sie die "
        "Verbindung hier trennen. Sie müssen dort Super-Admin sein oder „App Marketplace access“ "
        "haben."
    ),
    "wanted": "{app} bittet um",
    "wanted_optional": "falls Ihr Konto das hat",
    "status:connected": "Verbunden",
    "status:failing": "Verbunden, neuer Versuch",
    "status:needs_reconnect": "Neu verbinden nötig",
    "retrying": (
        "Der Zugriff konnte gerade nicht erneuert werden. "
        "{app} versucht es selbst weiter; Sie brauchen nichts zu tun."
    ),
    "ended": (
        "HubSpot hat diese Verbindung beendet, und {app} kann mit dem Konto nicht mehr arbeiten. "
        "Verbinden Sie neu und wählen Sie bei HubSpot dasselbe Konto."
    ),
    "fine": "Diese Verbindung funktioniert, es ist nichts zu tun.",
    "lacks_required": (
        "HubSpot hat nicht erlaubt, was {app} braucht: {permissions}. "
        "Verbinden Sie als Super-Admin neu und stimmen Sie allem zu."
    ),
    "lacks_one": ("Eine freiwillige Berechtigung fehlt: {permissions}. Alles andere funktioniert."),
    "lacks_some": ("Freiwillige Berechtigungen fehlen: {permissions}. Alles andere funktioniert."),
    "lacks_why": (
        "Nicht jeder HubSpot-Tarif hat das. Hat Ihrer es, kann ein Super-Admin des Kontos oder wer "
        "dort „App Marketplace access“ hat es erlauben: neu verbinden und allem zustimmen."
    ),
    "not_granted": "nicht erteilt",
    "account": "Konto",
    "account_name": "HubSpot-Konto {hub_id}",
    "account_number": "Konto {hub_id}",
    "connected_by": "Verbunden von",
    "connected_on": "Verbunden am",
    "renewed": "Zuletzt erneuert",
    "kind:DEVELOPER_TEST": "Entwickler-Testkonto",
    "kind:SANDBOX": "Sandbox",
    "kind:APP_DEVELOPER": "Entwicklerkonto",
    "may": "Was {app} darf ({number})",
    "may_unknown": "HubSpot hat noch nicht gesagt, welche Berechtigungen erteilt sind.",
    "reconnect": "Neu verbinden",
    "reconnect_account": "Neu verbinden: {account}",
    "disconnect": "Trennen …",
    "disconnect_account": "Trennen: {account}",
    "connect": "Mit HubSpot verbinden",
    "connect_another": "Weiteres Konto verbinden",
    "note_connected": "{account} ist verbunden.",
    "note_connected_what": "{app} kann ab jetzt damit arbeiten.",
    "note_disconnected": "{account} wurde getrennt.",
    "note_disconnected_what": (
        "{app} kann darin nichts mehr sehen oder ändern. Die App bleibt in HubSpot aufgeführt, bis "
        "Sie sie dort unter „Einstellungen“, „Verbundene Apps“ entfernen."
    ),
    "leave": "{account} trennen?",
    "leave_which": "HubSpot-Konto {hub_id}, verbunden von {user}",
    "leave_ends": "Was endet",
    "leave_ends_what": (
        "{app} kann in diesem Konto nichts mehr sehen oder ändern, sofort und für alle, die diese "
        "Verbindung nutzen."
    ),
    "leave_stays": "Was bleibt",
    "leave_stays_what": (
        "Alle Daten in HubSpot und was {app} schon gespeichert hat. "
        "Die App bleibt in HubSpot aufgeführt, bis sie dort entfernt wird."
    ),
    "leave_undo": "Rückgängig",
    "leave_undo_what": (
        "Neu verbinden. Das kann ein Super-Admin des Kontos oder wer dort „App Marketplace access“ "
        "hat."
    ),
    "leave_now": "Trennen",
    "keep": "Verbunden lassen",
    "just_now": "gerade eben",
    "minutes_ago": "vor {number} Minuten",
    "hour_ago": "vor einer Stunde",
    "hours_ago": "vor {number} Stunden",
    "date": "{day}. {month} {year}",
    "months": (
        "Januar, Februar, März, April, Mai, Juni, "
        "Juli, August, September, Oktober, November, Dezember"
    ),
}
