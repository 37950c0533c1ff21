"""A negotiation that the scenario runner brings to where a test begins, and its people in front of the pages."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accounts.access import SESSION_COOKIE
from accounts.actor import Actor
from accounts.models import SignInSession
from kernel import canonical, clock, keys
from kernel.db import db
from portal.scenario import verbs
from portal.scenario.installation import installed
from portal.scenario.people import Person
from portal.scenario.play import _step, _world
from portal.scenario.script import load
from portal.scenario.world import World
from tests.accounts_web import checked

WORDS = verbs.__doc__
HEAD = """
title = "试"
trade = "procurement"
pack = "practice.procurement.negotiation"
people = { owner = "青山县教育局", bidders = ["甲公司", "乙公司", "丙公司"], experts = ["一组", "二组", "三组"] }
notice = { method_ground = "urgent", ground_approval = "青财购〔2026〕12号" }
lots = [{ name = "教学用计算机", goods_or_services = "goods", ceiling = "900000.00" }]
steps = [
"""
OPENED = (
    'do = "publish", by = "owner", closes = "60 seconds"',
    'do = "respond", by = "bidder1"',
    'do = "respond", by = "bidder2"',
    'do = "respond", by = "bidder3"',
    'wait = "box_closed"',
    'do = "start_opening", by = "owner"',
    'wait = "opened"',
)
SEATED = (*OPENED, 'do = "seat_team", by = "centre"')


@contextmanager
def played(folder: Path, *steps: str, database: str | None = None) -> Iterator[World]:
    """The world after these steps."""
    path = folder / "one.toml"
    path.write_text(HEAD + "".join(f"  {{ {step} }},\n" for step in steps) + "]\n", "utf-8")
    scenario = load(path)
    var = folder / "play"
    var.mkdir()
    with installed(var, database, scenario.start) as here:
        world = _world(scenario, here)
        for step in scenario.steps:
            _step(world, step)
        yield world


def signed_in(world: World, actor: Actor) -> str:
    """The token of a session with both factors."""
    token = secrets.token_urlsafe(32)
    with world.act() as now:
        row = SignInSession(
            public_id=secrets.token_hex(8), token_sha256=canonical.sha(token.encode()), person_id=actor.person_id,
            api=False, second_factor=True, created_at=now, seen_at=now, address="192.0.2.7", user_agent="test",
        )  # fmt: skip
        db.session.add(row)
    return token


class Visitor:
    """Somebody at the pages, with a session of both factors."""

    def __init__(self, world: World, by: Person | None) -> None:
        self.world, self.by = world, by
        self.client = world.here.app.test_client()
        self.token = self.text = ""
        if by is not None:
            self.client.set_cookie(SESSION_COOKIE, signed_in(world, by.actor), secure=True)
            self.client.set_cookie(SESSION_COOKIE, signed_in(world, by.actor))

    def get(self, path: str, status: int = 200) -> str:
        return self._seen(self._ask("GET", path), status)

    def post(self, path: str, status: int = 303, **fields: Any) -> str:
        sent = {"csrf_token": self.token, **fields}
        return self._seen(self._ask("POST", path, data=sent), status)

    def sign(self, path: str, raw: bytes, status: int = 303) -> str:
        """What sign.js sends."""
        assert self.by is not None
        sent = {
            "statement": keys.b64(raw),
            "signature": keys.b64(self.by.sign(raw).sig),
            "cert": keys.b64(self.by.cert),
        }
        return self.post(path, status, **sent)

    def statements(self) -> list[bytes]:
        return [keys.unb64(found) for found in re.findall(r'name="statement" value="([^"]+)"', self.text)]

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        self.world.breathe()
        with clock.at(self.world.now):
            return self.client.open(path, method=method, **more)

    def _seen(self, answer: Any, status: int) -> str:
        assert answer.status_code == status, (answer.status_code, answer.text[-3000:])
        self.text = answer.text
        if answer.mimetype == "text/html" and status != 303:
            checked(self.text)
            found = re.search(r'name="csrf-token" content="([0-9a-f]+)"', self.text)
            assert found is not None
            self.token = found[1]
        return self.text
