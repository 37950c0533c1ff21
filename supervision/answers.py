"""The nodes' answers: verified against the pinned policy, handed to whoever a kind belongs to; and who was seen when.

A handler takes (node, body, now) inside the request's transaction and raises a Refusal for what it does not take.
Nodes repeat an answer until it is taken, so a handler takes the same answer twice without harm.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from kernel import canonical, clock, keys
from kernel.db import Base, Instant, db
from kernel.errors import Forbidden, Invalid, NotFound
from supervision import facts, log, mail, steps
from supervision.checkpoint import Checkpoint
from supervision.checkpoints import newest
from supervision.note import Note
from supervision.policy import Policy
from supervision.vocabulary import FactError

TYPE = "kaibiao-answer/1"
RULE = "log-and-nodes.md 3"
FRESH_S = 90

Body = dict[str, Any]
AnswerHandler = Callable[[str, Body, dt.datetime], object]

bp = Blueprint("nodes_api", __name__, url_prefix="/api/v1", description="Supervision nodes")


class NodeSeen(Base):
    """The last sign of life of a node, and the size of the largest checkpoint it cosigned."""

    __tablename__ = "node_seen"

    node: Mapped[str] = mapped_column(primary_key=True)
    last_seen: Mapped[dt.datetime] = mapped_column(Instant)
    size: Mapped[int] = mapped_column(BigInteger, default=0)


@dataclass(frozen=True)
class NodeState:
    """One node for people: `agrees` when it has cosigned the latest checkpoint, or the one before, lately."""

    node: str
    org: str | None
    url: str | None
    last_seen: dt.datetime | None
    size: int
    agrees: bool


class AnswerIn(Schema):
    kind = fields.String(required=True, validate=validate.Length(min=1, max=64))
    body = fields.Dict(keys=fields.String(), required=True)
    time = fields.String(required=True, validate=validate.Length(max=32))
    sig = fields.String(required=True, validate=validate.Length(max=128))


class NodeOut(Schema):
    node = fields.String()
    org = fields.String(allow_none=True)
    url = fields.String(allow_none=True)
    last_seen = fields.Function(lambda found: clock.rfc3339(found.last_seen) if found.last_seen else None)
    size = fields.Integer()
    agrees = fields.Boolean()


@bp.route("/nodes")
class Nodes(MethodView):
    @bp.response(200, NodeOut(many=True))  # type: ignore[untyped-decorator]  # flask-smorest has no types
    def get(self) -> list[NodeState]:
        """The nodes of the policy, when each was last heard and how far it has cosigned."""
        return states(clock.now())


@bp.route("/nodes/<node>/answers")
class Answers(MethodView):
    @bp.arguments(AnswerIn)  # type: ignore[untyped-decorator]  # flask-smorest has no types
    @bp.response(204)  # type: ignore[untyped-decorator]  # flask-smorest has no types
    def post(self, answer: Body, node: str) -> None:
        """Take a node's signed answer."""
        take(node, answer, clock.now())


def take(node: str, answer: Body, now: dt.datetime) -> None:
    """Verify and hand on; Forbidden without the node's signature, NotFound for a kind that nobody takes."""
    verify(mail.policy(), node, answer)
    handler = ANSWER_HANDLERS.get(answer["kind"])
    if handler is None:
        raise NotFound("node.kind", "平台不受理这类应答。", "Nobody here takes answers of this kind.", rule=RULE)
    seen(node, answer, now)
    if handler(node, answer["body"], now) is False:
        raise Invalid("node.answer", "应答内容无效。", "The answer does not say what its kind requires.", rule=RULE)


def verify(policy: Policy, node: str, answer: Body) -> None:
    """Forbidden unless the pinned key of `node` signed exactly this answer."""
    witness = policy.witnesses.get(node)
    if witness is None:
        raise NotFound("node.unknown", "没有这个监督节点。", "The policy names no such node.", rule=RULE)
    content = {"type": TYPE, "node": node} | {name: answer[name] for name in ("kind", "body", "time")}
    try:
        good = keys.verified(keys.unb64(answer["sig"]), canonical.encode(content), witness.verifier.key)
    except (ValueError, TypeError):
        good = False
    if not good:
        raise Forbidden("node.signature", "应答签名无效。", "The node's signature is not valid.", rule=RULE)


def seen(node: str, answer: Body, now: dt.datetime) -> None:
    """Note the sign of life; only a cosignature moves the size, and only forward."""
    row = db.session.get(NodeSeen, node)
    if row is None:
        row = NodeSeen(node=node, last_seen=now, size=0)
        db.session.add(row)
    row.last_seen = max(now, row.last_seen)
    size = answer["body"].get("size")
    if answer["kind"] == "cosignature" and isinstance(size, int):
        row.size = max(row.size, size)
    db.session.flush()


def states(now: dt.datetime) -> list[NodeState]:
    """Every node of the policy with its freshness, in the policy's order."""
    rows = {row.node: row for row in db.session.query(NodeSeen)}
    last = newest()
    size = 0 if last is None else Checkpoint.parse(Note.parse(last.note).text).size
    return [_state(mail.policy(), name, rows.get(name), (size, now)) for name in mail.policy().witnesses]


def _state(policy: Policy, name: str, row: NodeSeen | None, latest: tuple[int, dt.datetime]) -> NodeState:
    """A node that answered lately and has not fallen behind agrees; one entry batch in flight is no disagreement."""
    witness, (size, now) = policy.witnesses[name], latest
    fresh = row is not None and now - row.last_seen <= dt.timedelta(seconds=FRESH_S)
    agrees = fresh and row is not None and row.size > 0 and row.size <= size
    return NodeState(name, witness.org, witness.url, row.last_seen if row else None, row.size if row else 0, agrees)


def take_alert(node: str, body: Body, now: dt.datetime) -> bool:  # noqa: ARG001  one form for all answers
    """Log a node's alert: its evidence stays at the node, under the hash that stands in the log."""
    names = ("point", "lot", "color", "category", "evidence_sha256")
    try:
        fact = facts.Alert.read({"node": node} | {name: body.get(name) for name in names})
    except FactError:
        return False
    if not any(row.fact == fact.canonical() for row in log.find("alert", fact.lot)):
        log.append(fact)
    return True


def take_destroyed(node: str, body: Body, now: dt.datetime) -> bool:  # noqa: ARG001  one form for all answers
    """Log a trustee's word that it destroyed its identity of a stage."""
    names = ("lot", "stage", "file", "sig")
    try:
        fact = facts.StageDestroyed.read({"node": node} | {name: body.get(name) for name in names})
    except FactError:
        return False
    if not any(row.fact == fact.canonical() for row in log.find("stage.destroyed", fact.lot)):
        log.append(fact)
    return True


def take_heartbeat(node: str, body: Body, now: dt.datetime) -> bool:  # noqa: ARG001  one form for all answers
    """Nothing but a sign of life, which `seen` has noted."""
    return True


def take_ahead(node: str, body: Body, now: dt.datetime) -> bool:
    """A node that has signed more than it was offered: grave if the log was set back, nothing if mail came late."""
    steps.take_log_ahead(node, body, now)
    return True


ANSWER_HANDLERS: dict[str, AnswerHandler] = {
    "cosignature": steps.take_cosignature,
    "log.ahead": take_ahead,
    "alert": take_alert,
    "stage.destroyed": take_destroyed,
    "heartbeat": take_heartbeat,
}
"""Kind to handler; the application adds those of tendering and bidding (portal/app)."""
