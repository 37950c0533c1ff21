"""A play before all doors of the portal: what each person reads behind every one of them, held against the table of who sees what.

A secret is a text that nothing else on the platform holds. A walk knocks as everybody at every reading door of the tender,
at the lists that lead there, and at every address that anybody's page names: what one is shown, all the others ask for, too.
"""

from __future__ import annotations

import html
import json
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from accounts.actor import Actor
from accounts.models import SignInSession
from accounts.roles import OrgKind, Role
from kernel import canonical, clock
from kernel.db import db
from kernel.visibility import Table
from portal.fields import TABLES
from portal.limits import limiter
from portal.scenario import people, script, verbs
from portal.scenario.installation import installed
from portal.scenario.people import Person, Wanted
from portal.scenario.play import _step, _world
from portal.scenario.world import World
from supervision.models import LogFact
from tendering.models import Lot
from tests.portal_doors import doorways

WORDS = verbs.__doc__
NOBODY = "nobody"
GUESTS = (
    Wanted("other_owner", "别处采购中心", OrgKind.OWNER, Role.OWNER, 31),
    Wanted("technician", "中心机房", OrgKind.CENTRE, Role.TECH, 14),
)
"""Who is in every world and has no part in any play."""
LISTS = (
    "/", "/applications", "/approvals", "/complaints", "/desk", "/evaluate", "/filings", "/finance", "/intents", "/invitations",
    "/objections", "/ops/committees", "/oversight", "/owner/", "/prequal", "/refunds", "/single-sources", "/tenders",
    "/api/v1/approvals", "/api/v1/filings", "/api/v1/invitations", "/api/v1/seats", "/api/v1/single-sources", "/api/v1/tenders",
    "/api/v1/tenders/mine",
)  # fmt: skip
APART = (
    "/static/", "/law", "/log/", "/live/", "/public/", "/fields", "/sign", "/register", "/account", "/admin", "/nodes", "/api/v1/law",
    "/api/v1/evaluator",
)  # fmt: skip
"""Doors of no tender, files that are read whole (`_published`), and the office that admits organizations and knows them all."""
SCOUTS = ("owner", "bidder1", "seat1", "centre", "supervisor", "finance")
"""Who tries again, on later walks, a door that was shut to everybody; all others follow where it has opened."""
LINK = re.compile(r"""(?<!action=)["'](/[A-Za-z0-9][^"'\s<>]*)["']""")


@dataclass(frozen=True)
class Secret:
    """A field with the texts that betray it, and who of a play looks at it as what; all others are strangers to it."""

    table: str
    field: str
    texts: tuple[str, ...]
    viewers: Mapping[str, str]
    known: tuple[str, ...] = ()
    """To whom it is no secret, for another reason: it is their own name, or another row shows it to them."""
    doors: str = ""
    """Where it would stand, if the text alone could stand elsewhere."""
    at: str = ""
    """The thing whose moment counts, where a walk passes by several of one table."""

    @property
    def id(self) -> str:
        return f"{self.table}.{self.field}-{self.at}".rstrip("-")

    def where(self, answers: Mapping[str, str]) -> list[str]:
        """Behind which doors it stands."""
        return [
            door
            for door, said in answers.items()
            if re.search(self.doors, door) and any(text in said for text in self.texts)
        ]


@dataclass
class Walk:
    """What everybody was answered behind every door, and where each thing stood then."""

    moments: Mapping[str, Any]
    opened: bool = True
    answers: dict[str, dict[str, str]] = field(default_factory=dict)


class Town:
    """A world whose doors are all known, with everybody at hand who may come to them."""

    def __init__(self, world: World) -> None:
        self.world, self.client = world, world.here.app.test_client(use_cookies=False)
        self._shut: set[str] = set()
        office = world.people["manager"]
        with world.act() as now:
            for guest in GUESTS:
                world.people[guest.part] = people.admit(office, guest, now)

    def play(self, *lines: str) -> None:
        """The next steps, as a scenario's file writes them."""
        for line in lines:
            (told,) = tomllib.loads(f"steps = [{{ {line} }}]")["steps"]
            _step(self.world, script._step(0, told))

    def by(self, part: str) -> Person:
        return self.world.people[part]

    def walk(self, moments: Mapping[str, Any], *, opened: bool = True) -> Walk:
        found = Walk(moments, opened)
        self.world.breathe()
        found.answers = {name: self._published() for name in (NOBODY, *self._walkers())}
        headers = {name: _bearer(self.world, self.by(name).actor) if name != NOBODY else {} for name in found.answers}
        asked: set[str] = set()
        waiting = set(self._doors())
        while waiting:
            named = [self._knocked(path, headers, found.answers) for path in sorted(waiting)]
            asked |= waiting
            waiting = {path for path in set().union(*named) if self._leads(path)} - asked
        return found

    def _walkers(self) -> list[str]:
        """Everybody; of the experts one of those who were drawn and sit (`seat1`), and one who does not."""
        parts = self.world.people
        sitting = {one.actor.person_id for part, one in parts.items() if part.startswith("seat")}
        idle = [part for part in parts if part.startswith("expert") and self.by(part).actor.person_id not in sitting]
        return [part for part in parts if not part.startswith(("expert", "seat")) or part in ("seat1", *idle[:1])]

    def _knocked(self, path: str, headers: dict[str, Any], answers: dict[str, dict[str, str]]) -> set[str]:
        """Keep what each is answered, refused or not; the addresses that anybody's answer names."""
        scouts = [name for name in SCOUTS if name in headers]
        others = [name for name in headers if name not in scouts]
        opened = [self._ask(path, name, headers[name], answers) for name in scouts]
        if any(opened) or path not in self._shut:
            opened += [self._ask(path, name, headers[name], answers) for name in others]
        (self._shut.discard if any(opened) else self._shut.add)(path)
        return set().union(*(_links(answers[name].get(path, "")) for name in headers))

    def _ask(self, path: str, name: str, headers: dict[str, str], answers: dict[str, dict[str, str]]) -> bool:
        """Whether the door opened."""
        with clock.at(self.world.now):
            answer = self.client.get(path, headers=headers)
        assert answer.status_code < 500, (path, name, answer.text[-2000:])
        answers[name][path] = _text(answer)
        return answer.status_code < 400

    def _doors(self) -> Iterator[str]:
        with self.world.act(write=False):
            lots = list(db.session.scalars(select(Lot.code)))
        yield from LISTS
        for door in doorways(self.world.here.app.url_map.iter_rules()):
            if door.method == "GET" and door.arguments in ({"lot"}, {"code"}) and not door.rule.startswith(APART):
                short = "/tenders/" in door.rule or "/complaints/of/" in door.rule
                for code in {lot[:20] if short else lot for lot in lots}:
                    yield door.path({"lot": code, "code": code})

    def _leads(self, path: str) -> bool:
        """Whether the portal has such a door, and it is one of a tender."""
        router: MapAdapter = self.world.here.app.url_map.bind("localhost")
        try:
            router.match(path, method="GET")
        except HTTPException:
            return False
        return not path.startswith(APART) and path not in ("/api/", "/api/openapi.json")

    def _published(self) -> dict[str, str]:
        """What the log and the released files tell everybody."""
        with self.world.act(write=False):
            facts = db.session.scalars(
                select(LogFact.fact).where(LogFact.salt.is_(None) | LogFact.disclosed_at.is_not(None))
            )
            told = {"log": "\n".join(fact.decode("utf8", "replace") for fact in facts)}
        public = self.world.here.app.site.public
        files = [path for path in public.rglob("*") if path.is_file()]
        return told | {f"public:{path.name}": path.read_bytes().decode("utf8", "replace") for path in files}


def _links(text: str) -> set[str]:
    return {html.unescape(link).partition("#")[0].partition("?")[0] for link in LINK.findall(text)}


def _text(answer: Any) -> str:
    """As people read it: JSON without its escapes, bytes as far as they are letters."""
    if answer.is_json:
        return json.dumps(answer.get_json(), ensure_ascii=False)
    return html.unescape(answer.data.decode("utf8", "replace"))


def _bearer(world: World, actor: Actor) -> dict[str, str]:
    """A live session with both factors."""
    token = secrets.token_urlsafe(16)
    with world.act() as now:
        row = SignInSession(
            public_id=secrets.token_hex(8), token_sha256=canonical.sha(token.encode()), person_id=actor.person_id,
            api=True, second_factor=True, created_at=now, seen_at=now, address="", user_agent="",
        )  # fmt: skip
        db.session.add(row)
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def towns(folder: Path, head: str) -> Iterator[Town]:
    """The world that a scenario's head describes, before its first step."""
    path = folder / "walk.toml"
    path.write_text(f"{head}\nsteps = []\n", "utf-8")
    scenario = script.load(path)
    (folder / "play").mkdir()
    with installed(folder / "play", None, scenario.start) as here:
        limiter.enabled = False
        try:
            yield Town(_world(scenario, here))
        finally:
            limiter.enabled = True


def table(name: str) -> Table[Any, Any]:
    return next(one for one in TABLES if one.name == name)


def check(walks: Sequence[Walk], secret: Secret) -> None:
    """At every stage everybody finds the secret if the table shows it to them then, and only then."""
    rows = table(secret.table)
    kind = type(next(iter(rows.viewers)))
    stranger = list(kind)[-1]
    faults = []
    for walk in walks:
        moment = walk.moments.get(secret.at or secret.table)
        if moment is None:
            continue
        for name, answers in walk.answers.items():
            expected = rows.may_see(kind(secret.viewers.get(name, stranger)), moment, secret.field, opened=walk.opened)
            found = secret.where(answers)
            if bool(found) != expected and name not in secret.known:
                faults.append(f"{moment!r}: {name} {'misses it' if expected else f'finds it at {found[:4]}'}")
    assert not faults, "\n".join(faults)


def each(secrets_: Sequence[Secret]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("secret", secrets_, ids=[one.id for one in secrets_])
