"""An API without sessions, and its React front end, as a widespread template has them.

Users in a database of the app's own, a form that gives out a JWT, ``OAuth2PasswordBearer`` and
``CurrentUser`` before every endpoint, and one origin that CORS lets in.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any
from uuid import UUID, uuid4

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from flask import Flask, Response, send_from_directory
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.middleware.cors import CORSMiddleware

import portalkey.web
from browser.frameworks import bundle
from portalkey.broker import Broker

PAGE_OF_DOCS = Path(__file__).parents[2] / "docs/split-origins.md"
STATIC = Path(portalkey.web.__file__).parent / "static"
SECRET_KEY = "signs the tokens of the API, and its sessions"
PASSWORD = "correct horse battery"
PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Dashboard</title>
<link rel="icon" href="data:,">
<script type="module" src="{api}/auth/hubspot/static/connect.js"></script>
<main></main>
<script src="/app.js"></script>
"""
APP = """
import { createElement as h, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

async function signIn(event) {
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target));
  const answer = await fetch(`${API}/api/v1/login/access-token`, { method: "POST", body });
  localStorage.setItem("access_token", (await answer.json()).access_token);
  location.reload();
}

async function signOut() {
  await closeHubSpot();
  localStorage.removeItem("access_token");
  location.reload();
}

function Login() {
  const fields = ["username", "password"].map((name) => h("input", { name, key: name }));
  return h("form", { onSubmit: signIn }, fields, h("button", null, "Log in"));
}

function Settings() {
  const [hubspot, setHubSpot] = useState();
  const look = () => openHubSpot().then(setHubSpot);
  const hear = ({ detail }) => detail.status === "connected" && look();
  useEffect(() => void look(), []);
  useEffect(() => hubspot && show(hubspot), [hubspot]);
  if (!hubspot) return h("p", null, "One moment");
  const accounts = hubspot.connections.map(({ id, hub_domain }) =>
    h("p", { key: id, className: "account" }, hub_domain,
      h("button", { onClick: () => disconnect(id).then(look) }, "Disconnect")));
  const link = h("a", { href: hubspot.connect_url }, "Connect to HubSpot");
  const element = h("hubspot-connect", { "data-mode": "popup", "onhubspot-connect": hear }, link);
  return h("div", null, accounts, element, h("button", { onClick: signOut }, "Log out"));
}

const page = localStorage.getItem("access_token") ? Settings : Login;
createRoot(document.querySelector("main")).render(h(page));
"""


def read_block(language: str, word: str) -> str:
    """The one block of the page in *language* that has *word*."""
    blocks = re.findall(
        rf"^```{language}\n(.*?)^```", PAGE_OF_DOCS.read_text(), re.DOTALL | re.MULTILINE
    )
    (found,) = (each for each in blocks if word in each)
    return str(found)


class Base(DeclarativeBase):
    pass


class User(Base):
    """A user, by a UUID."""

    __tablename__ = "user"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(unique=True)
    hashed_password: Mapped[bytes]


def hash_password(text: str) -> bytes:
    """A hash that costs something."""
    return hashlib.scrypt(text.encode(), salt=b"of the tests", n=2, r=8, p=1)


def make_api(broker: Broker, front: str, folder: Path) -> FastAPI:
    """The API, with what the page of the docs adds to it."""
    engine = create_engine(f"sqlite:///{folder / 'app.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        hashed = hash_password(PASSWORD)
        session.add_all(
            User(email=f"{name}@example.com", hashed_password=hashed) for name in ("ada", "eve")
        )
    app = FastAPI(openapi_url="/api/v1/openapi.json")
    current_user = add_sign_in(app, engine)
    given = {
        "app": app,
        "broker": broker,
        "CurrentUser": current_user,
        "settings": SimpleNamespace(SECRET_KEY=SECRET_KEY),
    }
    exec(compile(read_block("python", "CurrentUser"), str(PAGE_OF_DOCS), "exec"), given)  # noqa: S102
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[front],
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )
    return app


def add_sign_in(app: FastAPI, engine: Engine) -> Any:
    """Give out tokens; return what an endpoint asks for whoever sent one."""
    bearer = OAuth2PasswordBearer(tokenUrl="/api/v1/login/access-token")

    def open_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    def find_user(
        session: Annotated[Session, Depends(open_session)], token: Annotated[str, Depends(bearer)]
    ) -> User:
        try:
            subject = jwt.decode(token, SECRET_KEY, algorithms=["HS256"])["sub"]
        except jwt.InvalidTokenError:
            raise HTTPException(403, "Could not validate credentials") from None
        user = session.get(User, UUID(subject))
        if user is None:
            raise HTTPException(404, "User not found")
        return user

    @app.post("/api/v1/login/access-token")
    def sign_in(
        session: Annotated[Session, Depends(open_session)],
        form: Annotated[OAuth2PasswordRequestForm, Depends()],
    ) -> dict[str, str]:
        user = session.scalar(select(User).where(User.email == form.username))
        if user is None or user.hashed_password != hash_password(form.password):
            raise HTTPException(400, "Incorrect email or password")
        until = datetime.now(UTC) + timedelta(days=8)
        token = jwt.encode({"sub": str(user.id), "exp": until}, SECRET_KEY, algorithm="HS256")
        return {"access_token": token, "token_type": "bearer"}

    return Annotated[User, Depends(find_user)]


def make_front(api: str) -> Flask:
    """The front end: a page for every path, its script, and our three files."""
    app = Flask("front", static_folder=None)
    ours = read_block("js", "openHubSpot").replace("http://localhost:8000", api)
    script = bundle(APP.replace("\nasync function signIn", f"\n{ours}\nasync function signIn", 1))
    page = PAGE.format(api=api)
    app.add_url_rule("/", "page", lambda: page)
    app.add_url_rule("/settings", "settings", lambda: page)
    app.add_url_rule("/app.js", "js", lambda: Response(script, mimetype="text/javascript"))
    app.add_url_rule("/portalkey/<name>", "ours", lambda name: send_from_directory(STATIC, name))
    return app
