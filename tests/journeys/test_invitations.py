"""Links for people without a login: one browser may use each, once, and nobody else any part."""

import re
from collections.abc import Callable

import pytest

from portalkey.broker import Broker
from portalkey.errors import NotConnected
from portalkey.events import happened
from portalkey.model.events import Event, EventName
from portalkey.model.invitation import InvitationStatus, NewInvitation
from portalkey.testing import Ahead
from portalkey.web.http import COOKIE_GRACE
from portalkey_simulator import HubSpot
from support.guest import Guest, path_of
from support.visitor import Visitor, query_of

OWNER = "studio"
HARBOUR, OTHER = 4410001, 4410002

NewGuest = Callable[[], Guest]


@pytest.fixture
def invited(broker: Broker) -> NewInvitation:
    """An invitation by a studio."""
    return broker.invite(OWNER, name="Studio Lindqvist")


def status_of(broker: Broker, invited: NewInvitation) -> InvitationStatus:
    """How the invitation stands."""
    row = broker.find_invitation(invited.invitation.id)
    assert row
    return row.status


def is_connected(broker: Broker) -> bool:
    """Whether the studio has a connection that hands out tokens."""
    try:
        return bool(broker.access_token(OWNER))
    except NotConnected:
        return False


def test_somebody_without_a_login_connects_for_an_owner(
    broker: Broker, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """The page names both sides, the permissions and the end; the owner has the connection."""
    guest = new_guest()
    page = guest.http.get(path_of(invited.link)).text
    end = guest.connect(invited.link)

    for words in ("Studio Lindqvist asks to connect", "See contacts", "Link ends on", "UTC"):
        assert words in page
    assert "Connected to harbourpine.example" in end
    assert "You can close this window" in end
    assert is_connected(broker)
    assert status_of(broker, invited) is InvitationStatus.USED


def test_its_browsers_cookie_outlives_it(
    broker: Broker, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """Whoever comes back in its last moment is still shown what became of it."""
    secret = query_of(invited.link)["link"]
    own = {"origin": broker.settings.public_url, "sec-fetch-site": "same-origin"}
    form = {"link": secret, "answer": "yes"}
    cookie = new_guest().http.post("/auth/hubspot/invite", data=form, headers=own)
    found = re.search(r"Max-Age=(\d+)", cookie.headers["set-cookie"])

    assert found
    assert int(found[1]) > broker.settings.invite_hours * 3600 + COOKIE_GRACE - 60


def test_it_holds_once(broker: Broker, invited: NewInvitation, new_guest: NewGuest) -> None:
    """Neither its own browser nor another gets on with a link that has done its work."""
    guest, other = new_guest(), new_guest()
    guest.connect(invited.link)

    for each in (guest, other):
        assert each.open(invited.link) == 410
        assert each.press(invited.link) is None
    on = f"/auth/hubspot/invited?link={invited.invitation.id}"
    assert guest.go_on(on) is None
    assert other.go_on(on) is None
    assert len(broker.connections(OWNER)) == 1


def look(guest: Guest, link: str) -> None:
    """Open the page, as the sender and mail programs do."""
    assert guest.open(link) == 200


def scan(guest: Guest, link: str) -> None:
    """Ask for the headers, as scanners do."""
    assert guest.http.head(path_of(link)).status_code == 200


def prefetch(guest: Guest, link: str) -> None:
    """Load it ahead of a click."""
    answer = guest.http.get(path_of(link), headers={"sec-purpose": "prefetch"})
    assert answer.status_code == 403
    assert invite_text(answer.text)


def invite_text(text: str) -> bool:
    """Whether nothing of the invitation is in *text*."""
    return "Studio" not in text


def post_from_elsewhere(guest: Guest, link: str) -> None:
    """Another site posts the form into somebody's browser."""
    assert guest.press(link, origin="https://evil.test") is None
    assert guest.press(link, **{"sec-fetch-site": "cross-site"}) is None


@pytest.mark.parametrize("act", [look, scan, prefetch, post_from_elsewhere])
def test_whoever_only_looks_burns_nothing(
    broker: Broker,
    invited: NewInvitation,
    new_guest: NewGuest,
    act: Callable[[Guest, str], None],
) -> None:
    """The sender looks first, a scanner does, a browser ahead of a click, a page elsewhere."""
    act(new_guest(), invited.link)

    assert status_of(broker, invited) is InvitationStatus.OPEN
    assert "Connected to" in new_guest().connect(invited.link)


def test_a_forwarded_link_is_the_first_ones_who_goes_on(
    broker: Broker, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """Both look; one goes on; the other is told so, and can neither go on nor finish."""
    guest, other = new_guest(), new_guest()
    assert [guest.open(invited.link), other.open(invited.link)] == [200, 200]
    away = guest.to_hubspot(invited.link)

    assert other.open(invited.link) == 403
    assert other.press(invited.link) is None
    on = f"/auth/hubspot/invited?link={invited.invitation.id}"
    assert [other.http.get(each).status_code for each in (on, f"{on}&go=1")] == [403, 403]
    stolen = other.visitor.agree(away)
    answer = other.http.get(stolen)
    assert other.http.get(answer.headers["location"]).status_code == 403
    assert not is_connected(broker)
    assert "Connected to" in guest.come_back(away)


def test_a_try_that_failed_is_tried_again_by_the_same_browser(
    broker: Broker, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """By the link of the page at its end, or by the invitation's own."""
    guest = new_guest()
    away = guest.to_hubspot(invited.link)
    state = query_of(away)["state"]
    answer = guest.http.get(f"/auth/hubspot/callback?error=access_denied&state={state}")
    page = guest.http.get(answer.headers["location"]).text
    again = re.search(r'href="([^"]+go=1)"', page)
    assert again

    assert status_of(broker, invited) is InvitationStatus.OPENED
    assert guest.open(invited.link) == 200
    second = guest.http.get(
        again[1].replace("&amp;", "&"), headers={"sec-fetch-site": "same-origin"}
    )
    assert "Connected to" in guest.come_back(second.headers["location"])


def test_of_two_tries_of_one_browser_one_connects(
    broker: Broker, hubspot: HubSpot, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """What the second was given is given back."""
    guest = new_guest()
    first, second = guest.to_hubspot(invited.link), guest.to_hubspot(invited.link)

    assert "Connected to" in guest.come_back(first, HARBOUR)
    assert "Connected to" not in guest.come_back(second, OTHER)
    assert [each.hub_id for each in broker.connections(OWNER)] == [HARBOUR]


def test_a_withdrawn_link_leads_nowhere(
    broker: Broker, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """The page says whom to ask; another owner cannot withdraw it."""
    assert not broker.withdraw(invited.invitation.id, owner="another")
    assert broker.withdraw(invited.invitation.id, owner=OWNER)
    assert not broker.withdraw(invited.invitation.id)
    answer = new_guest().http.get(path_of(invited.link))

    assert answer.status_code == 410
    assert "Ask Studio Lindqvist for a new one" in answer.text
    assert new_guest().press(invited.link) is None


def test_a_deleted_owners_link_leads_nowhere(
    broker: Broker, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """Neither does what is on the way by it: nothing is connected for nobody."""
    on_the_way = new_guest()
    away = on_the_way.to_hubspot(invited.link)

    broker.on_user_deleted(OWNER)

    on_the_way.come_back(away)
    assert broker.connections(OWNER) == []
    assert new_guest().press(invited.link) is None
    (left,) = broker.invitations(OWNER)
    assert left.status is InvitationStatus.WITHDRAWN


def test_withdrawn_between_click_and_callback(
    broker: Broker, hubspot: HubSpot, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """Nothing is exchanged, and nothing connected."""
    guest = new_guest()
    away = guest.to_hubspot(invited.link)
    assert broker.withdraw(invited.invitation.id)
    end = guest.come_back(away)

    assert "Connected to" not in end
    assert not is_connected(broker)
    assert not [each for each in hubspot.requests if each.path.endswith("/token")]


def test_an_expired_link_leads_nowhere(broker: Broker, ahead: Ahead, new_guest: NewGuest) -> None:
    """Neither before the press, nor after it, nor on the way back."""
    invited, guest = broker.invite(OWNER, hours=1), new_guest()
    ahead.passes(3600 - 60)
    away = guest.to_hubspot(invited.link)
    ahead.passes(61)

    assert "Connected to" not in guest.come_back(away)
    assert guest.open(invited.link) == 410
    assert guest.press(invited.link) is None
    assert guest.go_on(f"/auth/hubspot/invited?link={invited.invitation.id}") is None
    assert status_of(broker, invited) is InvitationStatus.EXPIRED
    assert not is_connected(broker)


def test_a_reconnect_takes_the_same_account(broker: Broker, new_guest: NewGuest) -> None:
    """Another one changes nothing, and can be put right by the same browser."""
    invited, guest = broker.invite(OWNER, hub_id=HARBOUR), new_guest()
    assert "HubSpot account 4410001" in guest.http.get(path_of(invited.link)).text
    wrong = guest.come_back(guest.to_hubspot(invited.link), OTHER)

    assert "The account to reconnect is" in wrong
    assert not is_connected(broker)
    assert "Connected to" in guest.come_back(guest.to_hubspot(invited.link), HARBOUR)


def test_an_invitation_asks_for_further_scopes(broker: Broker, new_guest: NewGuest) -> None:
    """The page says them in words, and the owner has them."""
    invited, guest = broker.invite(OWNER, scopes=["tickets"]), new_guest()
    assert "tickets" in guest.http.get(path_of(invited.link)).text
    guest.connect(invited.link)

    assert broker.access_token(OWNER, scopes=["tickets"])


def test_a_guest_sees_nothing_of_the_owner(
    broker: Broker, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """The API is none of theirs: an invitation is no login."""
    guest = new_guest()
    guest.connect(invited.link)
    status = guest.http.get("/api/hubspot/status").json()

    assert "harbourpine.example" not in str(status)
    assert "harbourpine.example" not in guest.http.get("/connections/setup").text


def test_an_account_of_the_owners_is_no_question_to_a_guest(
    broker: Broker, new_guest: NewGuest
) -> None:
    """Who was invited is not told what else the owner has connected."""
    new_guest().connect(broker.invite(OWNER).link, HARBOUR)
    end = new_guest().connect(broker.invite(OWNER).link, OTHER)

    assert "harbourpine.example" not in end
    assert len(broker.connections(OWNER)) == 2


def test_what_is_kept_of_an_owner_includes_their_links(
    broker: Broker, invited: NewInvitation, new_guest: NewGuest
) -> None:
    """Exported without anything secret, and erased."""
    new_guest().connect(invited.link)
    kept = broker.export(OWNER)
    broker.erase(OWNER)

    assert kept["invitations"][0]["status"] == "used"
    assert "hash" not in str(kept)
    assert query_of(invited.link)["link"] not in str(kept)
    assert broker.invitations() == []
    assert new_guest().open(invited.link) == 410


def test_the_owners_page_tells_of_links_on_the_way(
    broker: Broker, visitor: Visitor, new_guest: NewGuest
) -> None:
    """Not opened, opened, used; withdrawn ones are gone from it."""
    owner, guest = visitor.owner, new_guest()
    gone, invited = broker.invite(owner, hub_id=OTHER), broker.invite(owner)
    broker.withdraw(gone.invitation.id, owner=owner)

    assert "Not opened yet; ends on" in visitor.setup().text
    assert str(OTHER) not in visitor.setup().text
    away = guest.to_hubspot(invited.link)
    assert "not finished yet" in visitor.setup().text
    guest.come_back(away)
    assert "Used on" in visitor.setup().text
    assert query_of(invited.link)["link"] not in str(visitor.setup())


def test_every_step_is_an_event(broker: Broker, new_guest: NewGuest) -> None:
    """The inviter's app hears of the link, of who opened it, and of what it connected."""
    heard: list[Event] = []
    with happened.connected_to(heard.append):
        invited = broker.invite(OWNER, operator="grace")
        new_guest().connect(invited.link)
        broker.withdraw(broker.invite(OWNER).invitation.id)

    names = [each.name for each in heard if each.owner == OWNER]
    assert names == [
        EventName.INVITED,
        EventName.INVITATION_OPENED,
        EventName.ATTEMPT_STARTED,
        EventName.CONNECTED,
        EventName.INVITED,
        EventName.INVITATION_WITHDRAWN,
    ]
    connected = next(each for each in heard if each.name is EventName.CONNECTED)
    assert connected.facts["invitation"] == invited.invitation.id
    assert heard[0].facts["operator"] == "grace"


def test_the_secret_is_nowhere_but_in_the_link(
    broker: Broker,
    new_guest: NewGuest,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not in the store, nor in a log, an event, a header or any page but the one with the form."""
    caplog.set_level("DEBUG")
    invited, guest = broker.invite(OWNER), new_guest()
    secret = query_of(invited.link)["link"]
    first = guest.http.get(path_of(invited.link))
    address = guest.press(invited.link)
    away = guest.go_on(address or "")
    end = guest.come_back(away or "")
    store = f"{broker.vault.store.invitations(owner=OWNER)}{broker.vault.store.events()}"

    assert first.headers["referrer-policy"] == "strict-origin"
    assert first.headers["cache-control"] == "no-store"
    assert secret in first.text
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("portalkey")]
    for place in (store, repr(invited), ours, *capfd.readouterr(), address, away, end):
        assert secret not in str(place)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": 0},
        {"hours": 721},
        {"name": " "},
        {"name": "x" * 201},
        {"name": "a\0b"},
        {"scopes": ["a b"]},
    ],
)
def test_what_cannot_be_an_invitation(broker: Broker, wrong: dict[str, object]) -> None:
    """It is refused as it is made, and not as somebody opens it."""
    with pytest.raises(ValueError, match=r"hours|name|scope"):
        broker.invite(OWNER, **wrong)  # type: ignore[arg-type]
