"""The real portal over a bidding stage: a second application on the same database, keys and clock."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bidding_stage import BiddingStage
from flask.testing import FlaskClient

from accounts import grants
from accounts.actor import Actor
from accounts.directory import roles_of
from accounts.models import Organization, Person, SignInSession
from kernel import canonical, clock
from kernel.db import db
from kernel.site import site


class Door:
    """Requests at the stage's clock; `as_` names who is signed in, by bearer token."""

    def __init__(self, stage: BiddingStage, client: FlaskClient) -> None:
        self.stage, self.client = stage, client

    def token(self, actor: Actor) -> str:
        """A live session of the person, as a sign-in with a one-time code leaves it."""
        text = secrets.token_urlsafe(16)
        with self.stage.act() as now:
            db.session.add(
                SignInSession(
                    public_id=secrets.token_hex(8),
                    token_sha256=canonical.sha(text.encode()),
                    person_id=actor.person_id,
                    api=True,
                    second_factor=True,
                    created_at=now,
                    seen_at=now,
                    address="",
                    user_agent="",
                )
            )
        return text

    def send(self, method: str, path: str, actor: Actor | None = None, **request: Any) -> Any:
        headers = dict(request.pop("headers", {}))
        if actor is not None:
            headers["Authorization"] = f"Bearer {self.token(actor)}"
        with clock.at(self.stage.now):
            return self.client.open(path, method=method, headers=headers, **request)

    def get(self, path: str, actor: Actor | None = None, **request: Any) -> Any:
        return self.send("GET", path, actor, **request)

    def post(self, path: str, actor: Actor | None = None, **request: Any) -> Any:
        return self.send("POST", path, actor, **request)


@contextmanager
def opened_door(stage: BiddingStage) -> Iterator[Door]:
    from portal.app import create_app

    _grant(stage)
    app = create_app(site().settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield Door(stage, app.test_client())


def _grant(stage: BiddingStage) -> None:
    """Enter the roles that the stage's actors play, so that a request finds them."""
    with stage.act() as now:
        for actor in stage.actors.values():
            person = db.session.get_one(Person, actor.person_id)
            organization = db.session.get_one(Organization, actor.organization_id)
            for role in actor.roles - roles_of(actor.person_id):
                grants.add_grant(person, organization, role, None, now)
