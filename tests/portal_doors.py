"""Every door of the portal, read from its address map, and the bad things that people and programs push through doors."""

from __future__ import annotations

import contextvars
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from portal_stage import PortalStage, staged
from werkzeug.routing import Rule

from accounts.actor import Actor
from accounts.roles import Role
from bidding.models import Bid
from kernel import clock
from portal.limits import limiter

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
MB = 1024 * 1024
DEEP = 20_000

BODIES: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "string": b'"x"',
    "number": b"7",
    "object": b"{}",
    "half": b'{"a": ',
    "nul": b'{"a": "\\u0000", "\\u0000": 1}',
    "raw nul": b"\0\0\0\0",
    "not utf-8": b'{"a": "\xff\xfe"}',
    "lone surrogate": b'{"a": "\\ud800", "login": "\\ud800", "uscc": "\\ud800"}',
    "deep": b"[" * DEEP + b"]" * DEEP,
    "huge int": b'{"a": ' + b"9" * 5000 + b"}",
    "not a number": b'{"a": NaN, "b": Infinity, "c": 1e999}',
    "form": b"a=b&a=c&=&%00=%00",
}
VALUES: tuple[Any, ...] = (
    None,
    0,
    -1,
    2**80,
    "",
    "\0",
    "x" * 5000,
    "\ud800",
    [],
    [None],
    {},
    {"a": {}},
    True,
    "9" * 400,
)
QUERIES = (
    "a=b",
    "page=-1",
    "page=99999999999999999999",
    "page=x",
    "q=%00",
    "lang=%ff",
    "q=" + "%25" * 400,
    "page=&q=&state=&trade=",
)
PARTS = ("%00", "..%2f..%2fetc%2fpasswd", "x" * 3000, "%ff", "-1", "9" * 40, "標段", "%20", "'%20OR%201=1--")


@dataclass(frozen=True)
class Doorway:
    """One method of one address."""

    method: str
    rule: str
    arguments: frozenset[str]

    @property
    def api(self) -> bool:
        return self.rule.startswith(("/api/", "/log/", "/public/"))

    def path(self, values: dict[str, str]) -> str:
        found = self.rule
        for name in self.arguments:
            for kind in ("", "string:", "path:", "int:"):
                found = found.replace(f"<{kind}{name}>", quote(values.get(name, "1"), safe="/%"))
        assert "<" not in found, found
        return found

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def doorways(rules: Iterator[Rule]) -> list[Doorway]:
    found = {
        Doorway(method, rule.rule, frozenset(rule.arguments))
        for rule in rules
        if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    return sorted(found, key=str)


class Street:
    """All doors of one portal with a tender that collects bids and one in draft, and people of every role before them."""

    def __init__(self, stage: PortalStage, bidders: str = "abc") -> None:
        self.stage, self.client = stage, stage.app.test_client()
        self.lot = stage.one_lot()
        self.bids = [stage.bid(self.lot, name) for name in bidders]
        for name in "abc":
            stage.bidder_of(name)
        self.drafted = stage.draft(title="草稿")
        stage.grant(*(bidder.actor for bidder in stage.bidders.values()))
        self.people: dict[str, Actor] = {role.value: actor for role, actor in stage.by_role.items()}
        self.people["bidding"] = stage.bidders["a"].actor
        self._tokens: dict[int, str] = {}

    form_fields = (
        "login", "password", "totp", "code", "name", "uscc", "kind", "statement", "signature", "cert", "title", "region",
        "pack", "closes_at", "opens_at", "cause", "reason", "words", "text", "token", "answer", "bid_id", "persons",
        "declared", "conflict", "next", "step", "again", "current", "parts", "members", "certificate", "lots-0-name",
    )  # fmt: skip

    @cached_property
    def values(self) -> dict[str, dict[str, str]]:
        """What fills the places of an address: the tender that collects bids, and the draft."""
        bid = self.bids[0] if self.bids else Bid(manifest_sha256="0" * 64, receipt_id="0" * 32, bid_id="0" * 32)
        common = {
            "sha256": "0" * 64, "serial": "00", "login": "owner-login", "role": Role.OWNER.value, "stage": "docs", "i": "1",
            "name": "a.pdf", "pack_id": "practice.construction.open", "session_id": "0" * 16, "act": "timetable",
            "manifest_sha256": bid.manifest_sha256, "receipt_id": bid.receipt_id, "token": "0" * 32, "bid_id": bid.bid_id,
            "node": "supervisor", "size": "1", "filename": "icon.svg",
        }  # fmt: skip
        lots = {"collecting": self.lot, "draft": self.stage.lots(self.drafted)[0]}
        return {state: {**common, "lot": lot, "code": lot} for state, lot in lots.items()}

    def path(self, door: Doorway, state: str = "collecting") -> str:
        values = dict(self.values[state])
        if "/tenders/" in door.rule:
            values["code"] = values["code"][:20]
        return door.path(values)

    def token(self, actor: Actor) -> str:
        if actor.person_id not in self._tokens:
            self._tokens[actor.person_id] = self.stage.door().token(actor)
        return self._tokens[actor.person_id]

    def ask(self, method: str, path: str, actor: Actor | None = None, **request: Any) -> Any:
        headers = dict(request.pop("headers", {}))
        if actor is not None:
            headers["Authorization"] = f"Bearer {self.token(actor)}"
        limiter.reset()

        def asked() -> Any:
            with clock.at(self.stage.now):
                return self.client.open(path, method=method, headers=headers, **request)

        # A fresh context: Flask would lend the stage's own application context, and with it the last asker's `g`.
        return contextvars.Context().run(asked)

    def json(self, method: str, path: str, actor: Actor | None, body: bytes) -> Any:
        return self.ask(method, path, actor, data=body, content_type="application/json")

    @cached_property
    def _contract(self) -> dict[str, Any]:
        return self.ask("GET", "/api/openapi.json").get_json()

    def fields(self, door: Doorway) -> list[str]:
        """The names of the fields that the contract says this call takes."""
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", door.rule)
        call = self._contract["paths"].get(path, {}).get(door.method.lower(), {})
        schema = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        found = self._contract["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
        return list(found.get("properties", {})) or ["a"]

    def admitted(self, door: Doorway, path: str) -> list[Actor | None]:
        """Nobody, and the first whom this door does not send away."""
        for actor in self.people.values():
            if self.json(door.method, path, actor, b"{}").status_code not in (401, 403):
                return [None, actor]
        return [None]


READING_ROLES = ("nobody", "bidding", "OWNER", "AGENCY", "MGR", "SUP", "INSP", "OPS", "FIN", "TECH", "EXPERT")


def built(folder: Path, engine: str = "sqlite", bidders: str = "abc", **settings: str) -> Iterator[Street]:
    with staged(folder, engine, **settings) as stage:
        street = Street(stage, bidders)
        for actor in street.people.values():
            street.token(actor)  # now, while this portal's database is the one at hand
        yield street


EDGE_ONLY = "/live/<lot>/events"
"""The one door that always says 503: streams are served by the edge process."""


def accident(answer: Any, door: Doorway) -> str | None:
    """What is wrong with an answer: a status of 500 or above, or an error without code and words in its door's shape."""
    if answer.status_code < 400 or door.rule == EDGE_ONLY:
        return None
    if answer.status_code < 500 and _spoken(answer, door):
        return None
    return f"{door}: {answer.status_code} {answer.get_data(as_text=True)[:600]}"


def _spoken(answer: Any, door: Doorway) -> bool:
    if not door.api:
        return answer.mimetype == "text/html" or bool(json.loads(answer.data)["code"])
    said = json.loads(answer.data)
    whole = {"code", "message_zh", "message_en", "rule", "detail"} <= set(said)
    return whole and bool(said["code"]) and said["message_zh"] != said["message_en"]
