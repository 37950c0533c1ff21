"""A lot whose bids were opened, on a stage: real sealed documents, nodes that release, experts, an evaluator."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from accounts import grants
from accounts.models import Organization, Person
from accounts.roles import OrgKind, Role
from bidding.models import Admission, Bid, Envelope, Opened, Release, ReleaseHash, Roll
from bidding.states import BidStatus, Outcome
from evaluation import committee, reading, scoring, steps
from evaluation.draw import service as drawing
from evaluation.draw import steps as draw_steps
from evaluation.draw.rules import Appointment, Ground, Need
from evaluation.models import ScoreSheet
from evaluation.report import signing
from evaluation.room.keys import EvaluatorKeys
from evaluation.room.keys import make as make_evaluator
from kernel import canonical, keys
from kernel.db import db
from kernel.site import site
from kernel.statements import Signed
from sealing import bid as sealing_bid
from sealing import release as releasing
from sealing import shares
from sealing.keyset import Keyset
from sealing.manifest import ClientClaim, Manifest
from supervision import log
from supervision.checkpoint import Checkpoint
from supervision.facts import BidWithdrawn as _AnyFact  # noqa: F401  the vocabulary is loaded before facts are read
from supervision.models import LogCheckpoint, LogFact
from supervision.note import Note
from supervision.note_key import NoteKey
from tendering import lifecycle
from tendering.models import Lot
from tendering.states import LotState
from tests import tendering_stage
from tests.tendering_stage import NODES, SUITE, Stage, on_each_engine, seconds

EXPERTS = {
    "expert1": "11350100003600001B",
    "expert2": "12350100MB0270976Y",
    "expert3": "914403001922038299",
    "expert4": "91350100M000100Y99",
    "expert5": "91350100M000100057",
    "expert6": "91350100M00010006A",
}
COMMITTEE = ("expert1", "expert2", "expert3", "expert4", "expert5")
"""Who sits unless a test says otherwise; the sixth is there to replace one of them."""
WITHOUT_THE_FIRST = ("expert6", *COMMITTEE[1:])
APPOINTED = Appointment(Ground.COMPLEX, "桥梁健康监测专业性强，库内专家难以胜任", "青发改〔2026〕8号", "青山县财政局")
KEY = NoteKey.generate("practice/evaluation")
ALIASES = [f"E{number}" for number in range(1, len(COMMITTEE) + 1)]
BIDDERS = {"bidder": "91330106673959654P", "bidder2": "91350100M000100Y55", "bidder3": "91350100M000100Y66"}
PRICES = {"bidder": "20000000.00", "bidder2": "19000000.00", "bidder3": "21000000.00"}
SMALL = {"trade": "procurement", "pack": "practice.procurement.open"}
SHA = "0" * 64
COMPREHENSIVE: dict[str, Any] = {
    "id": "cn_comprehensive",
    "price_weight": "40",
    "criteria": [
        {"id": "plan", "name": "施工组织设计", "name_en": "Work plan", "max": "40", "step": "0.5", "objective": False},
        {"id": "record", "name": "业绩", "name_en": "Record", "max": "20", "step": "5", "objective": True},
    ],
}


class Recorder:
    """The suite of the nodes on this stage, which keeps the secrets that they would keep."""

    def __init__(self) -> None:
        self.secrets: dict[str, bytes] = {}

    def keygen(self) -> tuple[bytes, str]:
        secret, recipient = SUITE.keygen()
        self.secrets[recipient] = secret
        return secret, recipient


@dataclass
class EvaluationStage:
    """`stage` is tendering's; this adds experts with keys, sealed bids and the evaluator's folder."""

    stage: Stage
    recorder: Recorder
    evaluator: EvaluatorKeys
    folder: Path
    lot: str = ""
    keys: dict[str, tuple[keys.PrivateKey, bytes]] = field(default_factory=dict)
    bid_ids: dict[str, str] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=lambda: dict(PRICES))

    def act(self, *, write: bool = True) -> Any:
        return self.stage.act(write=write)

    def actor(self, name: str) -> Any:
        return self.stage.actors[name]

    # the committee

    def form(self, *names: str) -> list[str]:
        """Name the committee as OPS, as for a special project: these tests say who sits. Returns the aliases."""
        with self.act() as now:
            logins = [f"{name}-login".replace("_", "-") for name in names or COMMITTEE]
            return [seat.alias for seat in committee.form(self.actor("operator"), self.lot, logins, now, APPOINTED)]

    def fix(self, seats: int = 5, fields: Sequence[str] = ("市政工程",), *beside: str) -> None:
        """Fix the list of experts that is drawn from."""
        with self.act() as now:
            need = Need(fields, seats, [f"{name}-login".replace("_", "-") for name in beside])
            drawing.fix(self.actor("operator"), self.lot, need, now)

    def drawn(self) -> bool:
        """A quorum cosigns what stands in the log, and the clock draws."""
        self.sequence()
        with self.act() as now:
            size, root = (db.session.scalar(select(func.max(LogFact.index))) or 0) + 1, secrets.token_bytes(32)
            text = Checkpoint(KEY.name, size, root).text
            note = Note(text, (KEY.sign(text),)).encode()
            seen = {"lines": 3, "created_at": now, "quorum_at": now}
            db.session.merge(LogCheckpoint(size=size, root=root, frontier=b"", note=note, **seen))
        return self.step(draw_steps.step_expert_draws)

    def empower(self, name: str, role: Role) -> None:
        """A role that is granted, not only played, and a certified key."""
        with self.act() as now:
            _empower(self, name, role, now)

    def declare(self, name: str, conflict: str | None = None) -> None:
        with self.act() as now:
            committee.declare(self.actor(name), self.lot, conflict, now)

    def admit(self, name: str, raw: bytes | None = None) -> None:
        actor = self.actor(name)
        with self.act() as now:
            statement = raw or committee.admission(actor, self.lot)
            committee.admit(actor, self.lot, self.signed(name, statement), self.keys[name][1], now)

    def admitted(self) -> None:
        self.form()
        for name in COMMITTEE:
            self.declare(name)
            self.admit(name)

    def signed(self, name: str, raw: bytes) -> Signed:
        return Signed(raw, keys.sign(raw, self.keys[name][0]))

    # the nodes

    def released(self, *nodes: str) -> None:
        """The trustees' release files of the docs stage, as bidding would have taken them."""
        for node in nodes or NODES[:3]:
            self._release(node)

    def _release(self, node: str) -> None:
        i = NODES.index(node) + 1
        with self.act() as now:
            lot = lifecycle.lot_of(self.lot)
            keyset = Keyset.parse(lot.keyset or b"")
            secret = self.recorder.secrets[keyset.stage("docs").trustee(i).recipient]
            roll = db.session.query(Roll).filter_by(lot=self.lot).one()
            lines = {
                bid.bid_id: shares.unwrap(Manifest.parse(bid.manifest).envelope("docs").share(i).wrapped, SUITE, secret)
                for bid in db.session.query(Bid).filter_by(lot=self.lot)
            }
            given = releasing.Release(self.lot, roll.root, "docs", roll.seq, i, lines)
            file = given.file(keyset)
            common = {"lot": self.lot, "stage": "docs", "seq": roll.seq, "node": node, "i": i, "taken_at": now}
            promise = canonical.encode(releasing.commit(given, file).content())
            row = ReleaseHash(
                **common, release_sha256=canonical.sha(file), file=promise, sig=b"s" * 64, log_fact=self._fact()
            )
            db.session.add(row)
            db.session.add(Release(**common, file=file, sig=b"s" * 64))

    def _fact(self) -> int:
        from supervision import facts

        return log.append(facts.TenderFailed(lot=self.lot, reason="filler", law="-"), lot=self.lot).id

    # the documents, without an evaluator process

    def opened(self, **results: str) -> None:
        """Report every bid's documents as opened, or as `results` says for a bidder."""
        from evaluation.desk import service as desk

        for name, bid_id in self.bid_ids.items():
            found = results.get(name, "opened")
            judged = {"party": "bidder", "rule": "1.6(e)", "zh": "坏", "en": "bad"} if found == "judged" else None
            files = [] if judged else [{"path": "方案.pdf", "size": 5, "sha256": SHA, "offset": 0}]
            report = desk.Report(bid_id, "docs", found, None if judged else SHA, files, judged)
            with self.act() as now:
                desk.take(self.lot, report, now)

    def scoring(self, **results: str) -> None:
        """Everything up to the moment at which members score."""
        self.admitted()
        self.opened(**results)
        self.step(steps.step_begin_scoring)

    def step(self, one: Any) -> bool:
        from kernel import clock

        self.sequence()
        with clock.at(self.stage.now):
            return bool(one(self.stage.now))

    def sequence(self) -> None:
        """Every recorded fact gets a place in the log, as the sequencer would give it."""
        with self.act():
            waiting = update(LogFact).where(LogFact.index.is_(None))
            db.session.execute(waiting.values(index=LogFact.id))

    # the sheets

    def draft(self, plan: str = "30", record: str = "15", **changed: dict[str, Any]) -> dict[str, Any]:
        """Entries for every bid; `changed` replaces a bidder's."""
        with self.act(write=False):
            assessed = {bid.bid_id for bid, _ in reading.assessed(self.lot)}
            with_scores = bool(reading.method(lifecycle.lot_of(self.lot)).criteria)
        scores = {"plan": plan, "record": record} if with_scores else {}
        plain = {"conforms": True, "ground": None, "scores": scores, "notes": {}}
        return {
            bid_id: {**plain, **changed.get(name, {})} for name, bid_id in self.bid_ids.items() if bid_id in assessed
        }

    def save(self, name: str, draft: dict[str, Any]) -> None:
        with self.act() as now:
            scoring.save(self.actor(name), self.lot, draft, now)

    def sign(self, name: str, draft: dict[str, Any] | None = None) -> bytes:
        """Save and sign the sheet; returns the signed bytes."""
        if draft is not None:
            self.save(name, draft)
        with self.act(write=False):
            raw = scoring.statement(self.actor(name), self.lot)
        self.hand_in(name, raw)
        return raw

    def hand_in(self, name: str, raw: bytes, signer: str | None = None) -> None:
        with self.act() as now:
            cert = self.keys[signer or name][1]
            scoring.sign(self.actor(name), self.lot, self.signed(signer or name, raw), cert, now)

    def scored(self, **results: str) -> None:
        """All have signed and the result stands."""
        self.scoring(**results)
        for name in COMMITTEE:
            self.sign(name, self.draft())
        self.conclude()

    # the report

    def conclude(self) -> bool:
        """The result is computed, if it is due, and all sign the report over it; whether it is published."""
        if not self.step(steps.step_results):
            return False
        for name in self.sitting():
            self.sign_report(name)
        return True

    def sitting(self) -> list[str]:
        with self.act(write=False):
            people = [seat.person_id for seat in reading.seats(self.lot)]
        return [name for name, actor in self.stage.actors.items() if actor.person_id in people]

    def sign_report(self, name: str, dissent: str = "") -> None:
        with self.act(write=False):
            raw = signing.statement(self.actor(name), self.lot, dissent)
        with self.act() as now:
            signing.sign(self.actor(name), self.lot, self.signed(name, raw), self.keys[name][1], now)

    def sheets(self) -> list[ScoreSheet]:
        with self.act(write=False):
            return [sheet for _, sheet in reading.sheets(self.lot)]

    def state(self) -> str:
        return self.stage.lot(self.lot).state


def _expert(stage: EvaluationStage, name: str, uscc: str) -> None:
    with stage.act() as now:
        actor = tendering_stage._actor(name, OrgKind.EXPERT_POOL, Role.EXPERT, uscc)
        stage.stage.actors[name] = actor
        _empower(stage, name, Role.EXPERT, now)


def _empower(stage: EvaluationStage, name: str, role: Role, now: dt.datetime) -> None:
    actor, key = stage.actor(name), keys.generate()
    person = db.session.get_one(Person, actor.person_id)
    grant = grants.add_grant(person, db.session.get_one(Organization, actor.organization_id), role, None, now)
    grant.expertise = {"field": "市政工程", "years": 12, "title": "高级工程师"} if role is Role.EXPERT else None
    stage.keys[name] = (key, tendering_stage._certify(actor, key, now))


def _bidder(stage: EvaluationStage, name: str, line: int) -> None:
    if name not in stage.stage.actors:
        with stage.act():
            stage.stage.actors[name] = tendering_stage._actor(name, OrgKind.BIDDER, Role.BIDDER, BIDDERS[name])
    key = keys.generate()
    with stage.act() as now:
        cert = tendering_stage._certify(stage.actor(name), key, now)
        lot = lifecycle.lot_of(stage.lot)
        raw = lot.keyset or b""
    document = stage.folder / f"{name} 施工组织设计.pdf"
    document.write_bytes(b"%PDF-1.7 " + name.encode() * 1000)
    sealed = sealing_bid.seal(
        Keyset.parse(raw), raw, sealing_bid.BidderIdentity((cert,), key), {"price": stage.prices[name], "period_days": 180},
        files=[document], out=stage.folder / f"sealed-{name}", created_at="2026-11-23T01:00:00Z",
        client=ClientClaim("test", "1", SHA),
    )  # fmt: skip
    stage.bid_ids[name] = sealed.manifest.bid_id
    _enter(stage, name, line, sealed)


def _enter(stage: EvaluationStage, name: str, line: int, sealed: sealing_bid.SealedBid) -> None:
    from sealing.sheet import Header, of_content

    manifest = sealed.manifest
    header = Header(stage.lot, manifest.bid_id, manifest.bidder_ref, stage.actor(name).organization)
    plain = of_content(header, {"price": stage.prices[name], "period_days": 180}).encode()
    with stage.act() as now:
        actor = stage.actor(name)
        bid = Bid(
            lot=stage.lot, party=f"org:{actor.uscc}", organization=actor.organization_id, person=actor.person_id,
            manifest=sealed.manifest_raw, sig=sealed.sig, bidder=sealed.bidder_json, bid_id=manifest.bid_id,
            manifest_sha256=sealed.manifest_sha256, status=BidStatus.LIVE, prev=None, ended_by=None, receipt=b"r",
            receipt_sig=b"s", receipt_id=manifest.bid_id, received_at=now, log_fact=stage._fact(),
        )  # fmt: skip
        db.session.add(bid)
        db.session.flush()
        for envelope in manifest.envelopes:
            key, size, sha256 = site().blobs.put([(sealed.folder / f"{envelope.stage}.age").read_bytes()])
            row = Envelope(
                bid=bid.id, stage=envelope.stage, blob_key=key, size=size, sha256=sha256, recipient=envelope.recipient
            )
            db.session.add(row)
        db.session.add(
            Opened(
                lot=stage.lot, bid=bid.id, bid_id=bid.bid_id, stage="sheet", line=line, outcome=Outcome.OPENED,
                plain=plain, opened_at=now, read_out_at=now, log_fact=stage._fact(),
            )
        )  # fmt: skip


def _close(stage: EvaluationStage) -> None:
    with stage.act() as now:
        lot = lifecycle.lot_of(stage.lot)
        lot.state = LotState.OPENED
        common = {"lot": stage.lot, "seq": 1, "root": SHA, "log_fact": stage._fact()}
        db.session.add(Roll(**common, cut_size=1, cut_note=b"n", count=3, entries=[], logged_at=now, final=True))
        common["log_fact"] = stage._fact()
        bids = sorted(stage.bid_ids.values())
        db.session.add(Admission(**common, stage="sheet", number=1, bids=bids, set_aside=[], admitted_at=now))


@contextlib.contextmanager
def evaluation_staged(
    folder: Path, method: dict[str, Any] | None = None, engine: str = "sqlite", *, small: bool = False
) -> Iterator[EvaluationStage]:
    """A lot in state OPENED with three read-out bids, and six experts without seats.

    `small`: a government procurement of a tenth of the money, whose qualification the purchaser reviews (G21).
    """
    recorder = Recorder()
    held, tendering_stage.SUITE = tendering_stage.SUITE, recorder  # type: ignore[assignment]
    try:
        with on_each_engine(engine, folder) as stage:
            evaluator = make_evaluator(folder / "evaluator")
            card = json.loads(evaluator.card())
            (site().folder("keys") / "evaluator.json").write_text(json.dumps(card), encoding="utf8")
            found = EvaluationStage(stage, recorder, evaluator, folder)
            lots = tendering_stage.notice(stage.now + seconds(60))["lots"]
            lots[0]["method"] = tendering_stage.method(**(COMPREHENSIVE if method is None else method))
            terms = SMALL if small else {}
            if small:
                found.prices = {name: f"{price[:-4]}.00" for name, price in PRICES.items()}
                lots[0]["ceiling"] = lots[0]["method"]["max_price"] = f"{lots[0]['ceiling'][:-4]}.00"
            found.lot = stage.lots(stage.published(lots=lots, **terms))[0]
            for name, uscc in EXPERTS.items():
                _expert(found, name, uscc)
            for line, name in enumerate(BIDDERS, 1):
                _bidder(found, name, line)
            _close(found)
            stage.now += seconds(120)
            yield found
    finally:
        tendering_stage.SUITE = held


def lot_row(stage: EvaluationStage) -> Lot:
    return stage.stage.lot(stage.lot)
