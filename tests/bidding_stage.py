"""A published lot on a stage: bidders who seal real bids, four trustees in this process, the log, and the worker's steps."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from log_stage import postgres_url
from sqlalchemy import select
from tendering_stage import NODES, ORIGIN, START, SUITE, Stage, _actor, _certify, seconds, settle

from accounts.actor import Actor
from accounts.roles import OrgKind, Role
from bidding import entering, receipting, steps, submission, trustees, uploads, withdrawal, writer
from bidding.models import Bid, Opened, Opening, Roll
from kernel import canonical, clock, keys, outbox
from kernel import db as database
from kernel import site as sites
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.settings import load
from kernel.statements import Signed
from portal import idempotency
from sealing import bid as sealing_bid
from sealing import receipts, release, roll, roll_check, shares
from sealing.keyset import Keyset, trustee_statement
from sealing.manifest import ClientClaim, Manifest
from supervision import checkpoints, mail
from supervision.models import LogCheckpoint
from supervision.note import Kind, Note
from supervision.note_key import NoteKey
from supervision.sequencer import Sequencer
from supervision.steps import plan_of_site
from tendering import service
from tendering.models import Lot
from tendering.states import LotState
from tests import tables

TABLES = (idempotency.StoredAnswer,)
"""Tables of the portal that its requests need beside those of the slices."""

CLIENT = ClientClaim("kaibiao", "0.1.0", "0" * 64)
USCC = "9133010667395{number:04d}P"


@dataclass
class Bidder:
    """A bidding organization with its certified key."""

    name: str
    actor: Actor
    key: keys.PrivateKey
    cert: bytes

    @property
    def identity(self) -> sealing_bid.BidderIdentity:
        return sealing_bid.BidderIdentity((self.cert,), self.key)


@dataclass
class Trustee:
    """A node as far as bidding meets it: it answers mail, closes, promises and releases; `awake` when it does so."""

    name: str
    key: NoteKey
    i: int
    secrets: dict[tuple[str, str], bytes] = field(default_factory=dict)
    awake: bool = True
    bad: set[tuple[str, str]] = field(default_factory=set)

    @property
    def spelled(self) -> str:
        return keys.spell(self.key.private.public_key())

    def signed(self, content: dict[str, Any]) -> Signed:
        return Signed.make(content, self.key.private)


@dataclass
class BiddingStage(Stage):
    trustees: dict[str, Trustee] = field(default_factory=dict)
    bidders: dict[str, Bidder] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    sealed: int = 0
    _sequencer: Sequencer | None = None

    # people ----------------------------------------------------------------------------------------------------

    def bidder_of(self, name: str) -> Bidder:
        """The bidder of that name, registered and certified at first need."""
        if name not in self.bidders:
            number = len(self.bidders) + 1
            with self.act():
                actor = _actor(f"bidder{number}", OrgKind.BIDDER, Role.BIDDER, USCC.format(number=number))
            key = keys.generate()
            with self.act():
                cert = _certify(actor, key, self.now)
            self.bidders[name] = Bidder(name, actor, key, cert)
        return self.bidders[name]

    def entry(self, node: str, lot: str, version: int, stage: str, odd: Any = None) -> dict[str, Any]:
        """As a node's, with the secret kept."""
        trustee = self.trustees[node]
        secret, recipient = SUITE.keygen()
        trustee.secrets[lot, stage] = secret
        raw = trustee_statement(
            lot=lot, stage=stage, version=version, i=trustee.i, org=f"{node} org",
            recipient=recipient, sign_key=trustee.spelled,
        )  # fmt: skip
        return {"stage": stage, "file": keys.b64(raw), "sig": keys.b64(keys.sign(raw, trustee.key.private))}

    # bids ------------------------------------------------------------------------------------------------------

    def one_lot(self, **changes: Any) -> str:
        """The code of a published lot that takes bids."""
        return self.lots(self.published(**changes))[0]

    def keyset(self, lot: str) -> Keyset:
        return Keyset.parse(self.lot(lot).keyset or b"")

    def seal(self, lot: str, name: str, price: str = "20000000.00", **job: Any) -> sealing_bid.SealedBid:
        bidder = self.bidder_of(name)
        self.sealed += 1
        raw = self.lot(lot).keyset or b""
        options = {
            "files": [], "out": self.folder / f"sealed{self.sealed}", "created_at": rfc3339(self.now), "client": CLIENT
        }  # fmt: skip
        sheet = {"price": price, "period_days": 180}
        return sealing_bid.seal(Keyset.parse(raw), raw, bidder.identity, sheet, **{**options, **job})

    def upload(self, actor: Actor, raw: bytes) -> str:
        with self.act() as now:
            token = uploads.create(actor, "x.age", len(raw), now).token
        with clock.at(self.now):
            uploads.receive(actor, token, writer.Arriving(0, writer.body(io.BytesIO(raw), len(raw))), self.now)
        return token

    def handed(self, sealed: sealing_bid.SealedBid, name: str, **changes: Any) -> entering.Handed:
        actor = self.bidder_of(name).actor
        envelopes = {
            envelope.stage: self.upload(actor, (sealed.folder / f"{envelope.stage}.age").read_bytes())
            for envelope in sealed.manifest.envelopes
        }
        parts = {
            "manifest": sealed.manifest_raw, "sig": sealed.sig, "bidder": sealed.bidder_json, "envelopes": envelopes
        }  # fmt: skip
        return entering.Handed(**{**parts, **changes})

    def submit(self, lot: str, handed: entering.Handed, name: str) -> Bid:
        with self.act() as now:
            return submission.submit(self.bidder_of(name).actor, lot, handed, now)

    def bid(self, lot: str, name: str, **job: Any) -> Bid:
        """Seal, upload and submit in one go."""
        return self.submit(lot, self.handed(self.seal(lot, name, **job), name), name)

    def withdrawal(self, lot: str, manifest_sha256: str, name: str) -> Signed:
        content = receipts.Withdrawal(lot, manifest_sha256, rfc3339(self.now)).content()
        return Signed.make(content, self.bidder_of(name).key)

    def withdraw(self, lot: str, bid: Bid, name: str) -> Any:
        statement = self.withdrawal(lot, bid.manifest_sha256, name)
        with self.act() as now:
            return withdrawal.withdraw(self.bidder_of(name).actor, lot, statement, now)

    def standing(self, bid: Bid, name: str) -> receipting.Standing:
        with self.act(write=False):
            return receipting.standing(self.bidder_of(name).actor, bid.receipt_id)

    def rows(self, model: type, *where: Any) -> list[Any]:
        with self.act(write=False):
            return list(db.session.scalars(select(model).where(*where).order_by(model.id)))

    # time ------------------------------------------------------------------------------------------------------

    def sequencer(self) -> Sequencer:
        if self._sequencer is None:
            self._sequencer = Sequencer(plan_of_site(), self._collecting, lambda _note: None)
        return self._sequencer

    def _collecting(self, now: dt.datetime) -> list[tuple[str, dt.datetime]]:
        lots = db.session.scalars(select(Lot).where(Lot.state == LotState.COLLECTING))
        return [(lot.code, lot.closes_at) for lot in lots if lot.closes_at is not None]

    def run(self, count: int = 1) -> None:
        """Let seconds pass: log, nodes, worker and outbox do all they can in each."""
        for _ in range(count):
            self.now += seconds(1)
            for _ in range(40):
                if not any([self._log(), self._work(), self._post(), self._release()]):
                    break

    def run_until(self, state: str, lot: str, limit: int = 150) -> None:
        for _ in range(limit):
            if self.lot(lot).state == state:
                return
            self.run()
        raise AssertionError(f"still {self.lot(lot).state} after {limit} s")

    def run_to_close(self, lot: str) -> None:
        closes_at = self.lot(lot).closes_at
        assert closes_at is not None
        self.now = closes_at - seconds(1)
        self.run(3)

    def _log(self) -> bool:
        with clock.at(self.now):
            moved = self.sequencer().step(self.now)
        self.cosign()
        return moved

    def cosign(self) -> None:
        with self.act():
            row = checkpoints.newest()
            if row is None or row.quorum_at is not None:
                return
            text, at = Note.parse(row.note).text, int(self.now.timestamp())
            for trustee in self.trustees.values():
                if trustee.awake:
                    line = trustee.key.cosign(text, at).line
                    checkpoints.take(mail.policy(), trustee.name, row.size, line, self.now)

    def _work(self) -> bool:
        with clock.at(self.now):
            return any(step(self.now) for step in steps.STEPS)

    def _post(self) -> bool:
        from bidding import publication, voiding
        from tendering import publishing

        handlers = {"live": self.events.append, mail.KIND: self._letter}
        with clock.at(self.now):
            return outbox.deliver(
                {**handlers, **publication.handlers, **voiding.handlers, **publishing.handlers}, self.now
            )

    # nodes -----------------------------------------------------------------------------------------------------

    def _letter(self, payload: dict[str, Any]) -> None:
        self.letters.append(payload)
        trustee = self.trustees[payload["node"]]
        if not trustee.awake:
            return
        if payload["kind"] == "manifest":
            self.acknowledge(trustee, keys.unb64(payload["body"]["manifest"]))
        if payload["kind"] == "roll":
            self.close(trustee, payload["body"])

    def acknowledge(self, trustee: Trustee, raw: bytes) -> None:
        manifest = Manifest.parse(raw)
        found = {stage: secret for (lot, stage), secret in trustee.secrets.items() if lot == manifest.lot}
        keyset = self.keyset(manifest.lot)
        said = receipts.trustee_check(raw, keyset, trustee.i, found, rfc3339(self.now))
        take = trustees.take_ack if isinstance(said, receipts.Ack) else trustees.take_refusal
        self.answer_with(take, trustee, said.content())

    def close(self, trustee: Trustee, body: dict[str, Any]) -> None:
        """Sign the close on a roll that came by mail; `trustee.bad` are the lines it calls bad."""
        entries = [roll.RollEntry.from_json(entry) for entry in body["entries"]]
        found = roll.Roll.of(body["lot"], body["seq"], 0, entries)
        said = roll.close(found, trustee.bad, rfc3339(self.now))
        self.answer_with(trustees.take_close, trustee, said.content())

    def answer_with(self, take: Any, trustee: Trustee, content: dict[str, Any]) -> None:
        with self.act() as now:
            take(trustee.name, trustee.signed(content).to_json(), now)

    def _release(self) -> bool:
        """Every awake trustee promises what is admitted and gives it when t have promised."""
        with self.act(write=False):
            due = db.session.execute(
                select(Opening.lot).where(Opening.lot.in_(select(Roll.lot).where(Roll.final)))
            ).scalars()
            lots = [lot for lot in due if self.lot_state(lot) in (LotState.OPENING, LotState.OPENED)]
        return any(self.release(trustee, lot, "sheet") for lot in lots for trustee in self.trustees.values())

    def lot_state(self, lot: str) -> str:
        return service.lot_of(lot).state

    def release(self, trustee: Trustee, lot: str, stage: str) -> bool:
        """What this trustee has still to promise or give, admission by admission."""
        from bidding import releases

        if not trustee.awake:
            return False
        with self.act(write=False):
            rounds = len(releases.admissions(lot, stage))
        done = [self._release_round(trustee, lot, stage, number) for number in range(1, rounds + 1)]
        return any(done)

    def _release_round(self, trustee: Trustee, lot: str, stage: str, number: int) -> bool:
        from bidding import releases

        with self.act(write=False):
            promised = releases.promised((lot, stage, number), trustee.name)
            given = [row.node for row in releases.complete(lot, stage, number)]
            many = releases.promises((lot, stage, number))
        if promised is None:
            file = self.release_file(trustee, lot, stage, *([number] if number > 1 else []))
            said = release.commit(release.Release.parse(file), file)
            self.answer_with(trustees.take_release_hash, trustee, said.content())
            return True
        if trustee.name in given or many < 3:
            return False
        file = self.release_file(trustee, lot, stage, *([number] if number > 1 else []))
        signed = Signed(file, keys.sign(file, trustee.key.private))
        with self.act() as now:
            trustees.take_release(trustee.name, signed.to_json(), now)
        return True

    def release_file(self, trustee: Trustee, lot: str, stage: str, number: int = 1) -> bytes:
        from bidding import releases

        with self.act(write=False):
            admitted = releases.admission(lot, stage)
            assert admitted is not None
            due = releases.due(lot, stage, number)
            bids = db.session.scalars(select(Bid).where(Bid.bid_id.in_(due))).all()
        lines = {}
        for bid in bids:
            if (bid.bid_id, stage) not in trustee.bad:
                wrapped = Manifest.parse(bid.manifest).envelope(stage).share(trustee.i).wrapped
                lines[bid.bid_id] = shares.unwrap(wrapped, SUITE, trustee.secrets[lot, stage])
        return release.Release(lot, admitted.root, stage, admitted.seq, trustee.i, lines, number).encode()

    def start(self, lot: str) -> None:
        """The host starts the opening."""
        from bidding import opening

        with self.act() as now:
            content = {
                "type": opening.STARTED, "lot": lot, "at": rfc3339(now), "recording": "on", "deposits": "none"
            }  # fmt: skip
            opening.start(self.owner, lot, Signed.make(content, self.owner_key), now)

    # what came of it -------------------------------------------------------------------------------------------

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [event["data"] for event in self.events if event["kind"] == kind]

    def outcome(self, bid: Bid) -> Opened:
        return self.rows(Opened, Opened.bid_id == bid.bid_id)[0]

    def public(self, lot: str) -> Path:
        return self.folder / "public" / "lots" / lot

    def cut_root(self, size: int) -> bytes:
        with self.act(write=False):
            return db.session.get_one(LogCheckpoint, size).root

    def grounds(self, lot: str, found: Roll) -> roll_check.Grounds:
        """What a node would measure the roll against."""
        from accounts import certificates
        from bidding import closing

        row = self.lot(lot)
        assert row.closes_at is not None
        with self.act(write=False):
            return roll_check.Grounds(
                keysets={str(row.keyset_sha256): self.keyset(lot)}
                if False
                else {str(row.keyset_sha256): Keyset.parse(row.keyset or b"")},
                current=str(row.keyset_sha256),
                roots=certificates.roots(self.now),
                platform_key=sites.site().key("platform").public_key(),
                cut_root=db.session.get_one(LogCheckpoint, found.cut_size).root,
                closes_at=rfc3339(row.closes_at),
                withdrawn=closing.withdrawn(lot, found.cut_size),
            )


def _policy_text(here: sites.Site, nodes: dict[str, NoteKey]) -> str:
    log = NoteKey(here.settings.origin, Kind.ED25519, here.key("log"))
    platform = keys.spell(here.key("platform").public_key())
    lines = [f"log {log.vkey}", f"# kaibiao platform {platform}"]
    for name, node in nodes.items():
        lines.append(f"witness {name} {node.vkey}")
        lines.append(f"# kaibiao org {name} {name} org")
        lines.append(f"# kaibiao inbox {name} {SUITE.keygen()[1]}")
    lines += [f"group all-nodes 3 {' '.join(nodes)}", "quorum all-nodes"]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def staged(folder: Path, engine: str = "sqlite", now: dt.datetime = START) -> Iterator[BiddingStage]:
    """A stage over a fresh SQLite file in `folder`, or over a new database of the tests' PostgreSQL."""
    with contextlib.ExitStack() as stack:
        where = f"sqlite:///{folder / 'kaibiao.sqlite'}"
        if engine == "postgres":
            where = stack.enter_context(postgres_url(template=tables.template))
        app = Flask("stage")
        app.config["SQLALCHEMY_DATABASE_URI"] = where
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = database.engine_options(where)
        db.init_app(app)
        variables = {"VAR": str(folder), "DATABASE": where, "ORIGIN": ORIGIN, "UPLOAD_MAX": "4000000"}
        here = sites.make(load({f"KAIBIAO_{name}": value for name, value in variables.items()}))
        for name in ("ca", "platform", "log"):
            sites.make_key(here, name)
        nodes = {name: NoteKey.generate(f"practice/{name}", Kind.COSIGNATURE) for name in NODES}
        (folder / "policy.txt").write_text(_policy_text(here, nodes), encoding="utf8")
        card = {"sign_key": keys.spell(keys.generate().public_key()), "recipient": SUITE.keygen()[1]}
        (here.folder("keys") / "evaluator.json").write_text(json.dumps(card), encoding="utf8")
        with app.app_context(), sites.used(here):
            database.tune(db.engine)
            tables.make()
            trustees_ = {name: Trustee(name, key, i) for i, (name, key) in enumerate(nodes.items(), 1)}
            stage = BiddingStage(folder, ORIGIN, nodes, now, trustees=trustees_)
            settle(stage)
            try:
                yield stage
            finally:
                db.session.remove()
                db.engine.dispose()


def cut_json(stage: BiddingStage, lot: str, name: str) -> Any:
    return canonical.decode((stage.public(lot) / name).read_bytes())


__all__ = ["Bidder", "BiddingStage", "Trustee", "cut_json", "seconds", "staged", "transaction"]
