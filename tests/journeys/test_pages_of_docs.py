"""Pages of docs/ that people act by: their snippets run, and their commands do what they say."""

import json
import os
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import jsonschema_rs
import pytest
from click.testing import CliRunner
from docs_site.reference.openapi import SCHEMAS, build_document
from docs_site.troubleshooting import render
from fastapi import FastAPI
from flask import Flask
from flask.testing import FlaskClient
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.testclient import TestClient

from portalkey.broker import Broker
from portalkey.cli.group import cli
from portalkey.errors import HubSpotRefused, NotConnected
from portalkey.fastapi import HubSpotAuth as FastAPIAuth
from portalkey.model.authorization import Callback, Visitor
from portalkey.model.connection import ConnectionStatus
from portalkey.settings import Settings
from portalkey.settings.client_secrets import client_secret
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot
from portalkey_simulator.faults.fault_kinds import Fault
from support import hosting
from support.commands import clean_environment
from support.environment import environment_of
from support.hosting import FIRST, SECOND, SMALL, host_app, page_of, said, signed_in
from support.terminal import run_in_terminal

DOCS = Path(__file__).parents[2] / "docs"


def blocks_of(page: str, language: str) -> list[str]:
    """The blocks of *language* on a page."""
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_troubleshooting_is_what_people_read() -> None:
    """`make troubleshooting` writes it; each sentence is on it, and says what to do."""
    assert (DOCS / "troubleshooting.md").read_text() == render()


@pytest.fixture
def settings_page(broker: Broker, tmp_path: Path) -> FlaskClient:
    """The app of docs/your-own-page.md, with ada signed in."""
    python = "\n".join(blocks_of("your-own-page.md", "python"))
    template, button = blocks_of("your-own-page.md", "html")
    template = template.replace("</section>", f"{button}</section>")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "settings.html").write_text(template)
    code = python.replace("Broker.from_env()", "given").replace("Flask(__name__)", "made")
    made = Flask("own", root_path=str(tmp_path))
    exec(compile(code, "your-own-page.md", "exec"), {"given": broker, "made": made})  # noqa: S102
    client = made.test_client()
    with client.session_transaction() as session:
        session["user"] = "ada"
    return client


def test_a_settings_page_of_ones_own(
    settings_page: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """It names the accounts, offers another, and what it links to answers."""
    assert "Connect a HubSpot account" in said(page_of(settings_page, "/settings"))
    connect(broker, hubspot, "ada", FIRST)
    page = page_of(settings_page, "/settings")

    assert "harbourpine.example" in said(page)
    assert "Connect another HubSpot account" in said(page)
    leave = hosting.link_named(page, "Disconnect…")
    assert settings_page.get(leave).status_code == 200


def test_a_button_of_ones_own(settings_page: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """It takes forms of this page alone; a second tab, or another's id, is no error."""
    connect(broker, hubspot, "ada", FIRST)
    connect(broker, hubspot, "bob", FIRST)
    (bobs,) = broker.connections("bob")
    form = page_of(settings_page, "/settings").select_one("form")
    assert form is not None
    action, field = str(form["action"]), form.select_one("input")
    assert field is not None

    for forged in ({}, {"form_token": "ü"}):
        assert settings_page.post(action, data=forged).status_code == 400
    assert broker.connections("ada")
    fields = {str(field["name"]): str(field["value"])}
    others = action.replace(broker.connections("ada")[0].id, bobs.id)
    for path in (action, action, others):
        assert settings_page.post(path, data=fields).headers["Location"] == "/settings"
    assert not broker.connections("ada")
    assert [each.id for each in broker.connections("bob")] == [bobs.id]


def section_of_several(language: str) -> list[str]:
    """The blocks of *language* in "One account, or several" of docs/flask.md."""
    page = (DOCS / "flask.md").read_text()
    section = page.partition("\n## One account, or several\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def test_one_of_several_accounts_is_chosen(
    broker: Broker, hubspot: HubSpot, tmp_path: Path
) -> None:
    """Nobody has to where there is one; another owner's account is none of ada's."""
    python, _ = section_of_several("python")
    (template,) = section_of_several("html")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "choose.html").write_text(template)
    (folder / "connect.html").write_text("{{ sentence }}")
    app = Flask("several", root_path=str(tmp_path))
    user = SimpleNamespace(get_id=lambda: "ada")
    names = {"app": app, "broker": broker, "current_user": user}
    exec(compile(python, "flask.md", "exec"), names)  # noqa: S102
    client = app.test_client()
    assert "not connected" in client.get("/contacts").text
    connect(broker, hubspot, "ada", FIRST)
    connect(broker, hubspot, "bob", SMALL)
    assert "results" in client.get("/contacts").text
    assert bearer_of(hubspot) == broker.access_token("ada")
    connect(broker, hubspot, "ada", SECOND)

    links = page_of(client, "/contacts").select("a")
    for hub_id, link in zip((FIRST, SECOND), links, strict=True):
        assert "results" in client.get(f"/contacts{link['href']}").text
        assert bearer_of(hubspot) == broker.access_token("ada", hub_id=hub_id)
    assert "not connected" in client.get(f"/contacts?account={SMALL}").text


def bearer_of(hubspot: HubSpot) -> str:
    """The access token that HubSpot was asked with last."""
    return hubspot.requests[-1].headers["authorization"].removeprefix("Bearer ")


@pytest.fixture
def shop(broker: Broker) -> FlaskClient:
    """The app of "Flask in ten minutes", and a browser in which ada has signed in."""
    page = (DOCS / "flask.md").read_text()
    (python,) = re.findall(r"^   ```python\n(.*?)^   ```", page, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "shop"}
    exec(compile(textwrap.dedent(python), "flask.md", "exec"), names)  # noqa: S102
    client: FlaskClient = names["create_app"]({"SECRET_KEY": "for tests"}, broker).test_client()
    login = client.get("/").headers["Location"]
    assert b"Sign in" in client.get(login).data
    assert client.post(login, data={"name": "ada"}).headers["Location"] == "/"
    return client


def test_flask_in_ten_minutes(shop: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """A person connects, and connects another; each account has its contacts."""
    link = page_of(shop, "/").select_one("hubspot-connect a")
    assert link is not None
    assert "your HubSpot account" in link.text
    assert shop.get(str(link["href"])).headers["Location"].startswith(hubspot.url)
    assert shop.get(f"/contacts/{FIRST}").headers["Location"] == "/connections/setup"
    connect(broker, hubspot, "ada", FIRST)
    connect(broker, hubspot, "ada", SECOND)
    page = page_of(shop, "/")

    assert "another HubSpot account" in said(page)
    for hub_id, account in zip((FIRST, SECOND), page.select("a[href^='/contacts/']"), strict=True):
        assert "results" in shop.get(str(account["href"])).text
        assert bearer_of(hubspot) == broker.access_token("ada", hub_id=hub_id)


def test_a_grant_that_ended_leads_to_the_setup_page(
    shop: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """The person has to act, and is led to where that is done."""
    connect(broker, hubspot, "ada", FIRST)
    hubspot.reset()  # as a simulator that was started anew

    assert shop.get(f"/contacts/{FIRST}").headers["Location"] == "/connections/setup"


def test_what_hubspot_refuses_is_no_data(
    shop: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """An API in trouble, and a 401 while no other token can be had: a sentence, not a traceback."""
    connect(broker, hubspot, "ada", FIRST)
    hubspot.faults.add(Fault("unavailable"), at="crm")
    answers = [shop.get(f"/contacts/{FIRST}")]
    hubspot.faults.add(Fault("answer", status=401, body=b"{}"), at="token")
    hubspot.expire()
    answers.append(shop.get(f"/contacts/{FIRST}"))

    for answer in answers:
        assert (answer.status_code, "Try again" in answer.text) == (502, True)


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_the_sign_in_leads_to_no_other_host(shop: FlaskClient, back: str) -> None:
    """The way back after signing in is a path of the app, whatever the address says."""
    answer = shop.post("/login", query_string={"next": back}, data={"name": "ada"})

    assert answer.headers["Location"] == "/"


def test_a_script_says_who_has_to_act(broker: Broker, hubspot: HubSpot) -> None:
    """The script of docs/workers.md, where somebody has connected and where nobody has."""
    (python,) = [each for each in blocks_of("workers.md", "python") if "SystemExit" in each]
    code = compile(python.replace("Broker.from_env()", "given"), "workers.md", "exec")
    with pytest.raises(SystemExit, match="customer has to act"):
        exec(code, {"given": broker})  # noqa: S102
    connect(broker, hubspot, "42", FIRST)

    exec(code, {"given": broker})  # noqa: S102
    assert bearer_of(hubspot) == broker.access_token("42")


def test_the_newest_account_takes_the_place_of_others(broker: Broker, hubspot: HubSpot) -> None:
    """It is taken at once, and soon it is the only one; another owner keeps theirs."""
    _, python = section_of_several("python")
    for owner, hub_id in (("bob", FIRST), ("ada", FIRST), ("ada", SECOND)):
        connect(broker, hubspot, owner, hub_id)
    names: dict[str, Any] = {"broker": broker}
    exec(compile(python, "flask.md", "exec"), names)  # noqa: S102
    second = broker.access_token("ada", hub_id=SECOND)
    assert names["hubspot_token"]("ada") == second

    connect(broker, hubspot, "ada", SMALL)
    broker.notify()

    assert [each.hub_id for each in broker.connections("ada")] == [SMALL]
    assert names["hubspot_token"]("ada") == broker.access_token("ada")
    assert len(broker.connections("bob")) == 1


def commands_of(page: str) -> list[str]:
    """The commands that a page tells people to type, in its order."""
    blocks = blocks_of(page, "console")
    return [line[2:] for block in blocks for line in block.splitlines() if line[:2] == "$ "]


def test_an_incident(broker: Broker, hubspot: HubSpot, env_file: Path, settings: Settings) -> None:
    """Each command of the page works in its order; in the end no token of that day is left."""
    for owner in ("ada", "grace"):
        connect(broker, hubspot, owner, FIRST)
    typed = commands_of("incident.md")
    assert len(typed) == 9
    (connection,) = broker.connections("ada")
    for line in typed:
        words = line.replace("OWNER", "ada").replace("ID", connection.id).split()[1:]
        done = CliRunner().invoke(cli, [*words, "--env-file", str(env_file)])
        assert done.exit_code == 0, (line, done.output)
    broker.close()

    for owner in ("ada", "grace"):
        with pytest.raises(NotConnected):
            broker.access_token(owner)
    assert settings.client_id == hubspot.app.client_id


def test_an_incident_that_is_rehearsed(
    broker: Broker,
    hubspot: HubSpot,
    settings: Settings,
    make_broker: Callable[..., Broker],
    ahead: Any,
) -> None:
    """The page's call changes the secret; nothing ends by that, and the new one goes on."""
    connect(broker, hubspot, "ada", FIRST)
    (call,) = re.findall(r"-d '({.*})'", (DOCS / "incident.md").read_text())
    new = json.loads(call)
    httpx2.post(f"{hubspot.url}/control/secret", json=new).raise_for_status()
    ahead.seconds += 1801
    hubspot.clock.move(1801)
    with pytest.raises(HubSpotRefused) as refused:
        broker.access_token("ada")
    assert refused.value.status == "BAD_CLIENT_SECRET"
    (connection,) = broker.connections("ada")
    assert connection.status is not ConnectionStatus.NEEDS_RECONNECT

    both = client_secret(f"{new['client_secret']},{settings.client_secret.get_secret_value()}")
    after = make_broker(settings.model_copy(update={"client_secret": both}))
    ahead.seconds += 300
    assert after.access_token("ada")


def plain(text: str) -> str:
    """The *text* with each id and each moment in one and the same form."""
    text = re.sub(r"(?<![\w-])[\w-]{22}(?![\w-])", "ID", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "MOMENT", text).strip()


def test_what_an_operator_reads_of_an_attempt(
    broker: Broker, hubspot: HubSpot, settings: Settings, tmp_path: Path
) -> None:
    """The samples of docs/operating.md are what a terminal shows, line by line."""
    samples = [
        block.split("\n", 1)
        for block in blocks_of("operating.md", "console")
        if "attempts show" in block
    ]
    assert len(samples) == 2
    begun = [broker.begin("ada", browser) for browser in ("one", "two")]
    query = parse_qsl(urlsplit(hubspot.deny(begun[1].authorize_url)).query)
    cookies = {begun[1].attempt.id: (begun[1].cookie,)}
    assert broker.finish(Callback(query, cookies, Visitor("ada", "two"))).error == "declined"
    broker.close()

    env = {**clean_environment(), **environment_of(settings)}
    for (typed, sample), each in zip(samples, begun, strict=True):
        words = typed.split()[2:]
        words[2] = each.attempt.id
        code, said = run_in_terminal(*words, columns=120, env=env, cwd=tmp_path)
        assert code == 0, said
        assert plain(said) == plain(sample)


def check(schema: str, body: Any) -> None:
    """Hold *body* to one of the document's schemas."""
    document = {**SCHEMAS[schema], "components": build_document()["components"]}
    jsonschema_rs.validator_for(document).validate(body)


def test_what_a_front_end_is_told_is_what_the_document_says(
    broker: Broker, hubspot: HubSpot
) -> None:
    """Each route's answer, good and refused, is of the schema that the document names."""
    app = host_app(broker)
    stranger, client = app.test_client(), signed_in(app)
    check("Problem", stranger.get("/api/hubspot/status").get_json())
    check("Status", client.get("/api/hubspot/status").get_json())
    hosting.connect(client, hubspot, FIRST)
    (connection,) = broker.connections("ada")
    check("Status", client.get("/api/hubspot/status?check=1").get_json())
    check("Connections", client.get("/api/hubspot/connections").get_json())
    link = page_of(client).select_one("hubspot-connect[data-key=new] a")
    assert link is not None
    attempt = "E" * 22
    client.get(f"{link['href']}&attempt={attempt}")
    status = client.get(f"/api/hubspot/status?attempt={attempt}").get_json()
    check("Status", status)
    assert status["attempt"]["id"] == attempt
    form = hosting.leave_form(client)
    json = {"Accept": "application/json", "Origin": broker.settings.public_url}
    own = {**json, "X-Portalkey-Token": form["portalkey_token"]}
    leave = f"/api/hubspot/connections/{connection.id}/disconnect"

    def post(path: str, headers: dict[str, str]) -> Any:
        return client.post(path, headers=headers, json={}).get_json()

    check("State", post(f"/api/hubspot/attempts/{attempt}/cancel", own))
    check("Problem", post(leave, json))
    check("State", post(leave, own))
    check("Problem", post(f"/api/hubspot/attempts/{attempt}/token", own))


def test_what_is_connected_in_fastapi(broker: Broker, hubspot: HubSpot) -> None:
    """The views of docs/fastapi.md list the connection, read its contacts and end it.

    A user's id is a number in the session, as most databases have it.
    """
    (code,) = (each for each in blocks_of("fastapi.md", "python") if '"/contacts"' in each)
    names = app_of_fastapi_page()
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="x")
    exec(compile(code, "fastapi.md", "exec"), {**names, "app": app, "broker": broker})  # noqa: S102
    app.add_api_route("/login/{user}", sign_in)
    connect(broker, hubspot, "4711", hosting.FIRST)
    (connection,) = broker.connections("4711")
    client = TestClient(app)
    assert client.get("/connected").status_code == 401
    client.get("/login/4711")

    (listed,) = client.get("/connected").json()
    assert (listed["id"], listed["status"]) == (connection.id, "connected")
    assert "@" in client.get("/contacts").json()[0]["properties"]["email"]
    assert client.delete(f"/connected/{connection.id}").status_code == 204
    assert client.delete(f"/connected/{connection.id}").status_code == 404
    assert client.get("/connected").json() == []


def test_an_app_factory_of_fastapi(broker: Broker) -> None:
    """A test gives it a broker; the page calls an owner by the name that the session has."""
    app = app_of_fastapi_page()["create_app"](broker)
    app.add_api_route("/login/{user}", sign_in)
    client = TestClient(app, broker.settings.public_url)
    client.get("/login/4711?name=Ada%20Lovelace")
    page = client.get("/connections/setup")

    assert app.state.broker is broker
    assert "Ada Lovelace" in page.text


def sign_in(request: Request, user: int, name: str = "") -> None:
    """Sign in as the page has it."""
    request.session.update({"user": user, **({"name": name} if name else {})})


def app_of_fastapi_page() -> dict[str, Any]:
    """What docs/fastapi.md defines before its app has a broker, and its factory."""
    whole, factory = blocks_of("fastapi.md", "python")[:2]
    imports, _, rest = whole.partition("app = FastAPI()\n")
    functions = rest[rest.index("async def") : rest.index("hubspot = HubSpotAuth(")]
    names: dict[str, Any] = {"os": os}
    code = f"{imports}{functions}{factory}".replace('os.environ["SECRET_KEY"]', '"of the tests"')
    exec(compile(code, "fastapi.md", "exec"), names)  # noqa: S102
    return names


def test_links_of_other_frameworks(broker: Broker) -> None:
    """The routes that docs/your-own-page.md names are there, with that argument."""
    page = (DOCS / "your-own-page.md").read_text()
    app = FastAPI()
    FastAPIAuth(app, broker, owner=lambda _: None)

    path = "/connections/setup/one/disconnect"
    assert "url_for('hubspot_auth.leave', connection_id=each.id).path" in page
    assert app.url_path_for("hubspot_auth.leave", connection_id="one") == path
