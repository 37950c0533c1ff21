"""The portal itself on a stage: schema by the migrations, pinned nodes, a person of every role with a live session."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from bidding_stage import BiddingStage, Trustee, _policy_text
from bidding_web import Door
from flask import Flask
from log_stage import postgres_url
from tendering_stage import NODES, ORIGIN, START, SUITE, _actor, settle

from accounts import grants
from accounts.actor import Actor
from accounts.directory import roles_of
from accounts.models import Organization, Person
from accounts.roles import OrgKind, Role
from kernel import db as database
from kernel import keys
from kernel import site as sites
from kernel.db import db
from kernel.settings import Settings, load
from portal.app import Platform, create_app
from portal.limits import limiter
from supervision.note import Kind
from supervision.note_key import NoteKey
from tests import tables

OFFICES = {
    Role.INSP: (OrgKind.SUPERVISOR, "11350100003603306X"),
    Role.FIN: (OrgKind.CENTRE, "123501004887560001"),
    Role.TECH: (OrgKind.CENTRE, "123501004887560002"),
    Role.EXPERT: (OrgKind.EXPERT_POOL, "123501004887560003"),
}
SETTLED = {
    Role.OWNER: "owner", Role.AGENCY: "agency", Role.BIDDER: "bidder", Role.MGR: "manager", Role.SUP: "supervising",
    Role.OPS: "operator",
}  # fmt: skip


class PortalStage(BiddingStage):
    """A bidding stage whose application is the real one; `by_role` has somebody of every role."""

    app: Platform
    by_role: dict[Role, Actor]

    def door(self) -> Door:
        """Requests as they come from outside, with no cookies yet."""
        return Door(self, self.app.test_client(use_cookies=True))

    def sign_everybody_up(self) -> None:
        self.by_role = {role: self.actors[name] for role, name in SETTLED.items()}
        with self.act():
            for role, (kind, uscc) in OFFICES.items():
                self.by_role[role] = self.actors[role.value] = _actor(f"{role.value.lower()}", kind, role, uscc)
        self.grant(*self.actors.values())

    def grant(self, *actors: Actor) -> None:
        """Enter the roles that actors play, so that a request finds them."""
        with self.act() as now:
            for actor in actors:
                person = db.session.get_one(Person, actor.person_id)
                organization = db.session.get_one(Organization, actor.organization_id)
                for role in actor.roles - roles_of(actor.person_id):
                    grants.add_grant(person, organization, role, None, now)


def settings_of(folder: Path, where: str, **more: str) -> Settings:
    variables = {"VAR": str(folder), "DATABASE": where, "ORIGIN": ORIGIN, "UPLOAD_MAX": "4000000", **more}
    return load({f"KAIBIAO_{name}": value for name, value in variables.items()})


@contextlib.contextmanager
def one_database(engine: str, folder: Path) -> Iterator[str]:
    """The address of a database on `sqlite` (not there yet) or `postgres` (a copy with today's schema)."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'kaibiao.sqlite'}"
        return
    with postgres_url(template=tables.migrated) as where:
        yield where


@contextlib.contextmanager
def staged(folder: Path, engine: str = "sqlite", **settings: str) -> Iterator[PortalStage]:
    """An installation as `kaibiao init` and `genesis` leave it, with people in every office."""
    with one_database(engine, folder) as where:
        read = settings_of(folder, where, **settings)
        nodes = prepared(read)
        app = create_app(read)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        limiter.reset()
        behind = _behind(where)
        trustees = {name: Trustee(name, key, i) for i, (name, key) in enumerate(nodes.items(), 1)}
        stage = PortalStage(folder, ORIGIN, nodes, START, trustees=trustees)
        stage.app = app
        with behind.app_context(), sites.used(app.site):
            settle(stage)
            stage.sign_everybody_up()
            try:
                yield stage
            finally:
                db.session.remove()
                for each in (app, behind):
                    _closed(each)


def _behind(where: str) -> Flask:
    """What the stage itself acts in. Not the portal: a request inside its own application's context would share `g`."""
    app = Flask("behind")
    options = database.engine_options(where)
    app.config.update(SQLALCHEMY_DATABASE_URI=where, SQLALCHEMY_ENGINE_OPTIONS=options)
    db.init_app(app)
    with app.app_context():
        database.tune(db.engine)
    return app


def _closed(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def prepared(read: Settings) -> dict[str, NoteKey]:
    """Schema, keys, evaluator's card and policy; the nodes' keys."""
    tables.migrate(read)
    here = sites.make(read)
    for name in ("ca", "platform", "log"):
        sites.make_key(here, name)
    nodes = {name: NoteKey.generate(f"practice/{name}", Kind.COSIGNATURE) for name in NODES}
    read.policy.write_text(_policy_text(here, nodes), encoding="utf8")
    card = {"sign_key": keys.spell(keys.generate().public_key()), "recipient": SUITE.keygen()[1]}
    (here.folder("keys") / "evaluator.json").write_text(json.dumps(card), encoding="utf8")
    return nodes
