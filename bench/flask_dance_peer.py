"""Flask-Dance with its storage in SQLite, asked inside of a request."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from flask import Flask, Response, g
from flask_dance.consumer import OAuth2ConsumerBlueprint  # type: ignore[import-not-found,import-untyped,unused-ignore]
from flask_dance.consumer.storage.sqla import OAuthConsumerMixin, SQLAlchemyStorage  # type: ignore[import-not-found,import-untyped,unused-ignore]
from flask_sqlalchemy import SQLAlchemy  # type: ignore[import-not-found,import-untyped,unused-ignore]
from sqlalchemy.event import listen

from bench.askers import Asker
from bench.peers import first_token, token_url
from bench.place import OWNER, Place


def make_app(place: Place) -> tuple[Flask, Any]:
    """An app with Flask-Dance's blueprint, and one table of tokens by owner.

    The table lies in the database of *place* where that is PostgreSQL, otherwise in a file beside.
    """
    is_file = place.database_url.startswith("sqlite:")
    file = f"sqlite:///{Path(place.folder, 'flask-dance.db')}"
    server = place.database_url.replace("postgresql://", "postgresql+psycopg://")
    app = Flask("flask-dance")
    app.config.update(SECRET_KEY="secret", SQLALCHEMY_DATABASE_URI=file if is_file else server)
    db = SQLAlchemy(app)

    class OAuth(OAuthConsumerMixin, db.Model):  # type: ignore[misc,name-defined,unused-ignore]
        owner = db.Column(db.String(256), index=True)

    blueprint = OAuth2ConsumerBlueprint(
        "hubspot",
        __name__,
        client_id="client",
        client_secret="secret",
        base_url=place.endpoint_url,
        token_url=token_url(place),
        auto_refresh_url=token_url(place),
        auto_refresh_kwargs={"client_id": "client", "client_secret": "secret"},
        authorization_url=f"{place.endpoint_url}/oauth/authorize",
        redirect_url="/done",
        scope=["oauth"],
    )
    blueprint.storage = _OfOwner(OAuth, db.session)
    with app.app_context():
        if is_file:
            listen(db.engine, "connect", _set_up)
    app.register_blueprint(blueprint, url_prefix="/login")
    app.add_url_rule("/done", "done", lambda: Response("done"))
    app.extensions["bench"] = blueprint
    return app, OAuth


def _set_up(connection: sqlite3.Connection, _: object) -> None:
    """Kinder than its default: readers do not wait for writers, and commits for no disk."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


class _OfOwner(SQLAlchemyStorage):  # type: ignore[misc,unused-ignore]
    """Finds a row by the owner that the request is of, as Flask-Login's user would be found."""

    def get(self, blueprint: Any, user: object = None, user_id: object = None) -> Any:  # noqa: ANN401, ARG002
        row = self._row(blueprint)
        return row.token if row else None

    def set(self, blueprint: Any, token: Any, user: object = None, user_id: object = None) -> None:  # noqa: ANN401, ARG002
        row = self._row(blueprint) or self.model(provider=blueprint.name, owner=g.owner)
        row.token = token
        self.session.add(row)
        self.session.commit()

    def _row(self, blueprint: Any) -> Any:  # noqa: ANN401
        query = self.session.query(self.model)
        return query.filter_by(provider=blueprint.name, owner=g.owner).first()


def prepare(place: Place, owners: int) -> None:
    """Make the table, with the tokens of so many *owners*."""
    app, model = make_app(place)
    with app.app_context():
        database = app.extensions["sqlalchemy"]
        database.create_all()
        for number in range(1, owners + 1):
            token = first_token(number)
            row = model(provider="hubspot", owner=f"owner-{number}", token=token)
            database.session.add(row)
        database.session.commit()


class FlaskDance(Asker):
    """Flask-Dance, a whole request each time: it works in no other way."""

    name = "Flask-Dance, whole request (plain text)"
    asks_an_api = True

    def __init__(self, place: Place) -> None:
        """Make the app."""
        self._app, self._model = make_app(place)
        self._blueprint = self._app.extensions["bench"]
        self._asks_api = False

    @classmethod
    def prepare(cls, place: Place) -> None:
        """Make the table, with one owner's token."""
        prepare(place, 1)

    def token(self) -> str:
        """The session's token; an old one is renewed only by a request of the session."""
        with self._app.test_request_context("/"):
            g.owner = OWNER
            if self._asks_api:
                self._blueprint.session.get("/whoami")
            return str(self._blueprint.session.token["access_token"])

    def expire(self) -> None:
        """Let the row be old."""
        with self._app.app_context():
            database = self._app.extensions["sqlalchemy"]
            row = database.session.query(self._model).filter_by(owner=OWNER).one()
            row.token = {**row.token, "expires_at": time.time() - 10}
            database.session.commit()
        # Only a request of the session finds out; one cannot know, so each caller makes one.
        self._asks_api = True
