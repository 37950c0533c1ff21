"""A lot that was awarded, on the evaluation's stage, and the hands that carry it on to its contract."""

from __future__ import annotations

from typing import Any

from evaluation import outcomes, results
from kernel import keys
from kernel.clock import at as clock_at
from kernel.statements import Signed
from supervision import facts, log
from tendering import awards, lifecycle
from tendering.contracts import papers, uploads
from tests.evaluation_stage import PRICES, EvaluationStage
from tests.tendering_stage import seconds

PDF = b"%PDF-1.7 contract"
TERMS = {"price": "19000000.00", "period_days": "180", "bond": "1000000.00", "bond_form": "guarantee"}


def opened_facts(stage: EvaluationStage) -> None:
    """What the opening would have said of each bid in the log."""
    with stage.act():
        for name, bid_id in stage.bid_ids.items():
            log.append(
                facts.BidOpened(
                    lot=stage.lot, bid_id=bid_id, manifest_sha256="0" * 64, sheet_sha256="0" * 64,
                    bidder=stage.actor(name).organization, price=PRICES[name], period_days=180,
                )
            )  # fmt: skip


def awarded(stage: EvaluationStage, winner: str = "bidder2", *, told: bool = True) -> None:
    stage.scored()
    opened_facts(stage)
    with stage.act() as now:
        until = results.start_publicity(stage.actor("owner"), stage.lot, [], now)
    stage.stage.now = until + seconds(1)
    award(stage, winner, told=told)


def award(stage: EvaluationStage, winner: str, *, told: bool = True) -> None:
    with stage.act() as now:
        raw = awards.award_statement(lifecycle.lot_of(stage.lot), stage.bid_ids[winner]).raw
        results.award(stage.actor("owner"), stage.lot, signed(stage, raw), now)
    if told:
        tell(stage)


def tell(stage: EvaluationStage) -> bool:
    stage.stage.now += seconds(1)
    with stage.act() as now:
        return outcomes.tell(lifecycle.lot_of(stage.lot, lock=True), now)


def signed(stage: EvaluationStage, raw: bytes) -> Signed:
    return Signed(raw, keys.sign(raw, stage.stage.owner_key))


def upload(name: str = "合同.pdf") -> uploads.Upload:
    return uploads.Upload(name, [PDF])


def uploaded(stage: EvaluationStage, **changed: str) -> bytes:
    """Hand the contract in; its statement."""
    stage.stage.now += seconds(1)
    with clock_at(stage.stage.now):
        made = uploads.contract(stage.actor("owner"), stage.lot, {**TERMS, **changed}, upload(), stage.stage.now)
    return made.file


def winner_key(stage: EvaluationStage, name: str = "bidder2") -> tuple[keys.PrivateKey, bytes]:
    """A fresh certified key of a bidder that may sign for its organization."""
    from tests.tendering_stage import _certify

    key = keys.generate()
    with stage.act() as now:
        return key, _certify(stage.actor(name), key, now)


def confirm(stage: EvaluationStage, raw: bytes, name: str = "bidder2") -> Any:
    key, cert = winner_key(stage, name)
    stage.stage.now += seconds(1)
    with stage.act() as now:
        given = Signed(raw, keys.sign(raw, key))
        return papers.confirm_contract(stage.actor(name), lifecycle.lot_of(stage.lot, lock=True), given, cert, now)


def contracted(stage: EvaluationStage) -> None:
    raw = uploaded(stage)
    confirm(stage, raw)
    stage.stage.now += seconds(1)
    with stage.act() as now:
        papers.sign_contract(stage.actor("owner"), lifecycle.lot_of(stage.lot, lock=True), signed(stage, raw), now)


def fulfilled(stage: EvaluationStage) -> None:
    contracted(stage)
    stage.stage.now += seconds(1)
    with clock_at(stage.stage.now):
        made = uploads.acceptance(stage.actor("owner"), stage.lot, upload("验收报告.pdf"), stage.stage.now)
    with stage.act() as now:
        papers.sign_acceptance(
            stage.actor("owner"), lifecycle.lot_of(stage.lot, lock=True), signed(stage, made.file), now
        )
