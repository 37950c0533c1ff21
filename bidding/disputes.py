"""Disputed lines on the platform (sealing.md 1.7): findings and one identity a stage are logged, and judged by everybody.

The platform judges as anybody would: what the published identity unwraps is right, and its trustee lied, or is not, and
the bidder sealed it so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bidding import lots, nodes, releases
from bidding.models import Opened
from bidding.states import Outcome
from kernel.db import db
from kernel.errors import Conflict
from kernel.keys import b64
from sealing import disputes, shares
from sealing import suite as suites
from sealing.disputes import Finding, Identity
from sealing.faults import Judgment, Party
from sealing.keyset import Audience
from sealing.manifest import Manifest
from sealing.roll import Close
from sealing.wire import WireError
from supervision import facts, log

RULE = "kaibiao-seal/1 1.7"


def take_finding(node: str, body: dict[str, Any], now: datetime) -> None:  # noqa: ARG001  one form for all answers
    """An inspector's word on what it saw of a line, logged once as an open fact."""
    signed = nodes.statement(node, body)
    try:
        said = Finding.read(signed)
    except WireError as error:
        raise nodes.malformed(str(error)) from error
    lots.find(said.lot)
    fact = facts.Finding(
        lot=said.lot, bid_id=said.bid_id, stage=said.stage, i=said.i, by=node, file=b64(signed.raw), sig=b64(signed.sig)
    )
    if not any(row.fact == fact.canonical() for row in log.find("finding", said.lot)):
        log.append(fact, lot=said.lot)


def take_identity(node: str, body: dict[str, Any], now: datetime) -> None:  # noqa: ARG001  one form for all answers
    """The one identity of a public stage that may be published, after t releases of it."""
    signed = nodes.statement(node, body)
    try:
        said = Identity.read(signed)
    except WireError as error:
        raise nodes.malformed(str(error)) from error
    known = _logged(said.lot, said.stage)
    if known is not None and known.signed == signed:
        return
    _check(node, said, known)
    fact = facts.StageIdentity(lot=said.lot, stage=said.stage, node=node, file=b64(signed.raw), sig=b64(signed.sig))
    log.append(fact, lot=said.lot)


def identity_of(lot_code: str, stage: str) -> Identity | None:
    """The published identity of a stage, once it has its place in the log."""
    fact = _logged(lot_code, stage, placed=True)
    return None if fact is None else Identity.read(fact.signed)


def cleared(lot_code: str, stage: str, live: list[Manifest], closes: Mapping[int, Close]) -> frozenset[tuple[str, int]]:
    """Lines called bad that the published identity shows good."""
    identity = identity_of(lot_code, stage)
    found = disputes.judgments(live, lots.keyset(lots.find(lot_code)), closes, identity)
    return disputes.cleared(found, identity)


def shown_line(manifest: Manifest, stage: str) -> dict[int, bytes]:
    """The line that the published identity unwraps, if there is one and it is the committed one."""
    identity, keyset = identity_of(manifest.lot, stage), lots.keyset(lots.find(manifest.lot))
    if identity is None:
        return {}
    try:
        wrapped = manifest.envelope(stage).share(identity.i).wrapped
        return {identity.i: shares.unwrap(wrapped, suites.named(keyset.suite), identity.secret)}
    except ValueError:
        return {}


def judge(row: Opened, judgment: Judgment) -> bool:
    """Log what was found of a line, once; a bidder's own fault ends its bid, which is told next. False if known."""
    assert judgment.trustee is not None
    fact = facts.LineJudged(
        lot=row.lot,
        bid_id=row.bid_id,
        stage=row.stage,
        i=judgment.trustee,
        party="bidder" if judgment.party is Party.BIDDER else "trustee",
        reason=judgment.en,
    )
    if any(found.fact == fact.canonical() for found in log.find("line.judged", row.lot)):
        return False
    log.append(fact, lot=row.lot)
    if judgment.party is Party.BIDDER:
        row.outcome, row.read_out_at = Outcome.BIDDER, None
        row.finding = {"rule": judgment.rule, "zh": judgment.zh, "en": judgment.en, "trustee": judgment.trustee}
    db.session.flush()
    return True


def _check(node: str, said: Identity, known: facts.StageIdentity | None) -> None:
    keyset = lots.keyset(lots.find(said.lot))
    stage = next((one for one in keyset.stages if one.name == said.stage), None)
    if stage is None or stage.audience is not Audience.PUBLIC or nodes.share_of(node, keyset) != said.i:
        raise nodes.malformed("it is for another stage or share")
    if suites.named(keyset.suite).recipient_of(said.secret) != stage.trustee(said.i).recipient:
        raise nodes.malformed("it is not the identity of the keyset")
    if known is not None or len(releases.complete(said.lot, said.stage)) < stage.t:
        raise Conflict(
            "identity.not_now",
            "每个阶段只能公布一个受托方的私钥，且须在份额释放齐备之后。",
            "One identity a stage, and only after t releases of it are complete.",
            rule=RULE,
        )


def _logged(lot_code: str, stage: str, *, placed: bool = False) -> facts.StageIdentity | None:
    for row in log.find("stage.identity", lot_code):
        fact = row.value
        if isinstance(fact, facts.StageIdentity) and fact.stage == stage and (row.index is not None or not placed):
            return fact
    return None


handlers = {"finding": take_finding, "stage.identity": take_identity}
"""Kinds of the nodes' answers about disputed lines."""
