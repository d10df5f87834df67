"""With Flask-Dance: ``python -m old_apps.flask_dance_app URL [uuid|no-user]``, people on stdin."""

import json
import sys
from typing import Any
from uuid import UUID

from flask import Flask
from flask_dance.consumer import OAuth2ConsumerBlueprint
from flask_dance.consumer.storage.sqla import OAuthConsumerMixin, SQLAlchemyStorage
from sqlalchemy import Column, ForeignKey, Integer, Uuid, create_engine
from sqlalchemy.orm import DeclarativeBase, sessionmaker

url, kind = sys.argv[1], "".join(sys.argv[2:])
Id = Uuid if kind == "uuid" else Integer


class Base(DeclarativeBase):
    """The app's models."""


class User(Base):
    """The app's own."""

    __tablename__ = "user"
    id = Column(Id, primary_key=True)


class Owned:
    """A token has a user, as Flask-Dance's documentation shows it."""

    user_id = Column(Id, ForeignKey(User.id))


class Plain:
    """Nobody's token."""


class OAuth(OAuthConsumerMixin, Plain if kind == "no-user" else Owned, Base):  # type: ignore[misc]
    """The model of the documentation."""


def main() -> None:
    """Keep the first token as the blueprint does after its callback, and the others alike."""
    people = json.load(sys.stdin)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(engine)
    blueprint = OAuth2ConsumerBlueprint("hubspot", __name__, client_id="old", client_secret="old")
    with Flask(__name__).app_context(), sessionmaker(engine)() as session:
        owners = [user_of(each) for each in people]
        session.add_all(User(id=owner["user_id"]) for owner in owners if owner)
        session.flush()
        SQLAlchemyStorage(OAuth, session, **owners[0]).set(blueprint, token_of(people[0]))
        session.add_all(
            OAuth(provider="hubspot", token=token_of(each), **owner)
            for each, owner in zip(people[1:], owners[1:], strict=True)
        )
        session.commit()


def user_of(each: dict[str, Any]) -> dict[str, Any]:
    """Who it is, where the model knows."""
    if kind == "no-user":
        return {}
    return {"user_id": UUID(each["user_id"]) if kind == "uuid" else each["user_id"]}


def token_of(each: dict[str, Any]) -> dict[str, Any]:
    """What the library makes of HubSpot's answer."""
    return {
        "token_type": "bearer",
        "access_token": each["access_token"],
        "refresh_token": each["refresh_token"],
        "expires_in": 1800,
        "expires_at": 1795300000.5,
        "hub_id": each["hub_id"],
    }


main()
