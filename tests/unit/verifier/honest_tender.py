"""One whole practice tender played honestly from the pure libraries, archive and all; lies are made by overriding a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from evaluation import sheets as score_sheets
from evaluation import spec
from evaluation.methods.evaluate import evaluate
from evaluation.prices import Bid
from kernel import canonical, keys, merkle, money
from kernel.statements import Signed
from sealing import acks, age, bid, receipts, release, roll, shares
from sealing.keyset import Audience, AudienceRecipient, FactKeys, Keyset, Stage, TrusteeEntry, trustee_statement
from sealing.manifest import ClientClaim
from sealing.roll import Close, Roll, RollEntry, Status
from sealing.sheet import Sheet
from sealing.suite import SUITES
from supervision import facts
from supervision.lotview import ADMITTED, OPENING
from tendering import packs
from tendering.states import CLOCK, MACHINE, LotState
from tests.unit.verifier.drawn_experts import DrawnExperts
from tests.unit.verifier.public_log import NODES, Authority, PublicLog, at, genesis
from tests.unit.verifier.signed_report import ReportPlay

TENDER = "E9901010000000117001"
LOT = TENDER + "001"
OWNER = "青山县交通运输局"
PACK = "practice.construction.open"
CLOSES, GRACE, PUBLICITY = 60, 15, 30
SUITE = SUITES["age-x25519/1"]
CLIENT = ClientClaim("kaibiao", "0.1.0", "0" * 64)
PRICES = {"甲": "20000000.00", "乙": "19000000.00", "丙": "21000000.00", "丁": "18000000.00"}
METHOD = {
    "type": "kaibiao-method/1", "id": "cn_comprehensive", "goods_or_services": "works", "price_weight": "40",
    "criteria": [
        {"id": "plan", "name": "方案", "name_en": "Plan", "max": "40", "step": "0.5", "objective": False},
        {"id": "record", "name": "业绩", "name_en": "Record", "max": "20", "step": "5", "objective": True},
    ],
    "rounding": {"price_score": "0.01", "criterion_mean": "0.01", "total": "0.01"},
    "deduction": None, "tie": ["price"], "minimum_valid": 3, "max_price": None,
}  # fmt: skip


@dataclass
class Taken:
    """A bid the platform took."""

    sealed: bid.SealedBid
    holder: tuple[keys.PrivateKey, bytes]
    receipt: Signed
    index: int
    status: Status = Status.LIVE
    by: str | None = None

    @property
    def digest(self) -> str:
        return self.sealed.manifest_sha256

    @property
    def bid_id(self) -> str:
        return self.sealed.manifest.bid_id


@dataclass
class TenderPlay(ReportPlay):
    code: ClassVar[str] = LOT
    folder: Path
    log: PublicLog = field(default_factory=PublicLog)
    ca: Authority = field(default_factory=Authority)
    files: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    taken: dict[str, Taken] = field(default_factory=dict)
    withdrawals: dict[str, Any] = field(default_factory=dict)
    secrets: dict[tuple[str, int], bytes] = field(default_factory=dict)
    promises: dict[str, dict[int, release.ReleaseHash]] = field(default_factory=dict)
    state: LotState = LotState.DRAFT
    now: int = 0
    closes: int = CLOSES

    # everybody's keys ------------------------------------------------------------------------------------------

    @cached_property
    def owner(self) -> tuple[keys.PrivateKey, bytes]:
        return self.ca.holder(OWNER)

    @cached_property
    def experts(self) -> dict[str, tuple[keys.PrivateKey, bytes]]:
        return {alias: self.ca.holder(f"专家{alias}") for alias in ("E1", "E2", "E3", "E4", "E5")}

    @cached_property
    def draw(self) -> DrawnExperts:
        return DrawnExperts(LOT, len(self.experts))

    @cached_property
    def method(self) -> spec.MethodSpec:
        return spec.parse(canonical.encode(METHOD))

    def node(self, i: int) -> str:
        return self.log.names[i - 1]

    # the whole play --------------------------------------------------------------------------------------------

    last = "award"
    """The step after which this play ends."""

    def play(self, until: str | None = None) -> dict[str, bytes]:
        for step in ("publish", "collect", "close", "open", "evaluate", "award"):
            getattr(self, step)()
            if step == (until or self.last):
                break
        return self.finish()

    def finish(self) -> dict[str, bytes]:
        self.log.cosign(self.now)
        self.log.publish(self.now)
        self.told["lots"][0]["state"] = str(self.state)
        self.files["tender.json"] = canonical.encode(self.told)
        return {**self.log.files, **self.files}

    def put(self, name: str, value: Any) -> None:
        raw = value if isinstance(value, bytes) else canonical.encode(value)
        self.files[f"lots/{LOT}/{name}"] = raw

    def pass_(self, seconds: int = 1) -> str:
        self.now += seconds
        return at(self.now)

    def move(self, event: str, role: str = CLOCK) -> None:
        row = MACHINE.move(self.state, event, role)
        plane = {"CLOCK": "clock", "OWNER": "manage", "MGR": "manage", "OPS": "execute"}[role]
        self.log.append(
            facts.StateChanged(
                lot=LOT, was=row.was, now=row.now, event=event, plane=plane, role=role, at=at(self.now),
                law=row.law, guards=(),
            )
        )  # fmt: skip
        self.state = row.now

    # the notice ------------------------------------------------------------------------------------------------

    def publish(self) -> None:
        key, cert = self.owner
        self.log.append(genesis(self.log))
        self.keyset_raw = self.keyset()
        notice = Signed.make(self.notice(), key)
        self.log.append(self.notice_fact(notice))
        self.log.append(self.keyset_fact())
        timetable = self.timetable(self.closes)
        self.log.append(timetable)
        self.move("publish", "OWNER")
        self.log.cosign(self.now)
        pack = packs.load(PACK)
        self.files[f"law/{PACK}.json"] = pack.raw
        self.told = {
            "type": "kaibiao-tender/1", "tender": TENDER, "state": "published", "practice": True,
            "published_at": at(0), "pack": {"id": PACK, "sha256": pack.sha256, "path": f"law/{PACK}.json"},
            "notice": notice.to_json(), "notice_sha256": notice.sha256, "cert": keys.b64(cert),
            "documents": [{"name": "招标文件.pdf", "size": 4, "sha256": canonical.sha(b"%PDF")}],
            "questions": [], "lots": [self.lot_told()],
        }  # fmt: skip

    def lot_told(self) -> dict[str, Any]:
        return {
            "lot": LOT, "number": 1, "name": "第一标段", "state": "", "closes_at": at(self.closes), "opens_at": at(self.closes),
            "suspended_at": None, "method": keys.b64(self.method.raw), "method_sha256": self.method.sha256,
            "keyset": keys.b64(self.keyset_raw), "keyset_sha256": canonical.sha(self.keyset_raw),
            "candidates": None, "given_up": {}, "awarded_bid": None, "awarded_at": None, "award": None,
        }  # fmt: skip

    def notice(self) -> dict[str, Any]:
        pack = packs.load(PACK)
        row = {"lot": LOT, "ceiling": None, "method_sha256": self.method.sha256}
        return {
            "type": "kaibiao-notice/1", "tender": TENDER, "pack": PACK, "pack_sha256": pack.sha256, "title": "公路",
            "state_funded": True, "lots": [{**row, "keyset_sha256": canonical.sha(self.keyset_raw)}],
        }  # fmt: skip

    def notice_fact(self, notice: Signed) -> facts.NoticePublished:
        lot = facts.NoticeLot(lot=LOT, name="第一标段", method_sha256=self.method.sha256, ceiling=None)
        document = facts.Document(name="招标文件.pdf", size=4, sha256=canonical.sha(b"%PDF"))
        return facts.NoticePublished(
            tender=TENDER, trade="construction", method="open", title="公路", pack=PACK,
            pack_sha256=packs.load(PACK).sha256, owner=OWNER, agency=None, notice_sha256=notice.sha256,
            documents=(document,), lots=(lot,), practice=True, at=at(0),
        )  # fmt: skip

    def keyset(self) -> bytes:
        spelled = keys.spell(self.owner[0].public_key())
        supervisor = keys.spell(self.log.nodes["supervisor"].private.public_key())
        times = {"cut_grace": GRACE, "roll_window": 2, "open_wait": 8, "release_by": 90, "rescue_until": 180}
        stages = tuple(self.stage(name) for name in ("sheet", "docs"))
        return Keyset.build(
            lot=LOT, version=1, fact_keys=FactKeys(spelled, spelled, supervisor), stages=stages, **times
        )

    def stage(self, name: str) -> Stage:
        public = name == "sheet"
        return Stage(
            name=name,
            t=3,
            holds_price=public,
            audience=Audience.PUBLIC if public else Audience.EVALUATION,
            audience_recipients=() if public else (AudienceRecipient("评标", age.generate()[1]),),
            trustees=tuple(self.trustee(name, i) for i in range(1, 5)),
        )

    def trustee(self, stage: str, i: int) -> TrusteeEntry:
        self.secrets[stage, i], recipient = age.generate()
        key = self.log.nodes[self.node(i)].private
        said = {"i": i, "org": NODES[self.node(i)], "recipient": recipient, "sign_key": keys.spell(key.public_key())}
        raw = trustee_statement(lot=LOT, stage=stage, version=1, **said)
        return TrusteeEntry(**said, sig=keys.b64(keys.sign(raw, key)))

    def keyset_fact(self) -> facts.Keyset:
        signers = (self.owner[0], self.log.nodes["supervisor"].private)
        owner, supervisor = (keys.b64(keys.sign(self.keyset_raw, key)) for key in signers)
        file = keys.b64(self.keyset_raw)
        return facts.Keyset(lot=LOT, version=1, file=file, sig_owner=owner, sig_supervisor=supervisor)

    def timetable(self, closes: int, key: keys.PrivateKey | None = None) -> facts.Timetable:
        content = {
            "type": "kaibiao-timetable/1", "lot": LOT, "keyset_sha256": canonical.sha(self.keyset_raw),
            "closes_at": at(closes), "opens_at": at(closes),
        }  # fmt: skip
        return self.log.statement(facts.Timetable, content, key or self.owner[0], lot=LOT)

    # collecting ------------------------------------------------------------------------------------------------

    def collect(self) -> None:
        """甲 and 乙 stay, 丙 replaces its bid, 丁 withdraws."""
        for name, price in PRICES.items():
            self.take(name, self.seal(name, price))
        old = self.taken["丙"]
        new = self.take("丙2", self.seal("丙2", "20500000.00", old.holder, old.digest))
        old.status, old.by = Status.REPLACED, new.digest
        self.withdraw("丁")

    def seal(self, name: str, price: str, holder: Any = None, prev: str | None = None) -> Taken:
        holder = holder or self.ca.holder(f"{name}公司")
        document = self.folder / f"{name}.pdf"
        document.write_bytes(b"%PDF-1.7")
        sealed = bid.seal(
            Keyset.parse(self.keyset_raw), self.keyset_raw, bid.BidderIdentity((holder[1],), holder[0]),
            {"price": price, "price_words": money.words(money.parse(price)), "period_days": 180},
            files=[document], out=self.folder / f"sealed-{name}", created_at=at(self.now), client=CLIENT, prev=prev,
        )  # fmt: skip
        return Taken(sealed, holder, Signed(b"", b""), -1)

    def take(self, name: str, made: Taken) -> Taken:
        fact = receipts.sealed_fact(LOT, made.sealed.manifest_raw, made.sealed.sig, self.pass_())
        made.index, made.receipt = self.receipt(fact)
        self.taken[name] = made
        return made

    def receipt(self, fact: receipts.BidFact) -> tuple[int, Signed]:
        index = self.log.append(facts.from_json(fact.content()))
        salt = self.log.salts[index][0]
        return index, Signed.make(receipts.Receipt(fact, salt).content(), self.log.platform)

    def withdraw(self, name: str) -> None:
        made = self.taken[name]
        said = Signed.make(receipts.Withdrawal(LOT, made.digest, self.pass_()).content(), made.holder[0])
        index, receipt = self.receipt(receipts.withdrawn_fact(said, at(self.now)))
        made.status, made.by = Status.WITHDRAWN, said.sha256
        self.withdrawals[said.sha256] = (index, receipt)

    # the close -------------------------------------------------------------------------------------------------

    def cut_at(self) -> int:
        return self.closes + 2

    def close(self) -> None:
        self.now = self.closes
        self.move("close")
        self.now = self.cut_at()
        self.cut_size = self.log.cosign(self.now)
        self.put("cut.note", self.log.cosigned(self.now).encode())
        self.roll = Roll.of(LOT, 1, self.cut_size, [self.entry(one) for one in self.on_roll()])
        self.log.append(facts.from_json(self.roll.closed_fact()))
        self.log.cosign(self.now)
        self.now += 3
        for i in self.closing():
            self.log.append(self.node_close(i))

    def on_roll(self) -> list[Taken]:
        return list(self.taken.values())

    def releasing(self) -> list[int]:
        return [1, 2, 4]

    def closing(self) -> list[int]:
        return [1, 2, 3, 4]

    def entry(self, one: Taken) -> RollEntry:
        sealed = one.sealed
        return RollEntry(
            manifest=sealed.manifest_raw, sig=sealed.sig, bidder_json=sealed.bidder_json, receipt=one.receipt,
            index=one.index, proof=self.log.proof(one.index, self.cut_size), status=one.status, by=one.by,
        )  # fmt: skip

    def node_close(self, i: int) -> facts.Close:
        said = Close(LOT, 1, self.roll.root, self.roll.count, self.bad(i), at(self.now))
        key = self.log.nodes[self.node(i)].private
        return self.log.statement(facts.Close, said.content(), key, lot=LOT, node=self.node(i))

    def bad(self, i: int) -> tuple[tuple[str, str], ...]:
        """The lines that trustee `i` calls bad."""
        return ()

    @property
    def live(self) -> list[Taken]:
        return sorted((one for one in self.on_roll() if one.status is Status.LIVE), key=lambda one: one.bid_id)

    # the opening -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        self.admit("sheet", ())
        self.start()
        self.move("start_opening")
        self.log.cosign(self.now)
        self.pass_()
        self.release("sheet")
        for one in self.admitted:
            self.log.append(self.opened_fact(one))
        self.pass_()
        self.write_opening()
        self.move("end_opening")

    @property
    def admitted(self) -> list[Taken]:
        return self.live

    def admit(self, stage: str, signatures: tuple[facts.Signing, ...]) -> None:
        bids = tuple(one.bid_id for one in self.admitted)
        aside = tuple(one.bid_id for one in self.live if one not in self.admitted)
        self.log.append(
            facts.StageAdmitted(
                lot=LOT, stage=stage, seq=1, root=self.roll.root, bids=bids, set_aside=aside, signatures=signatures
            )
        )

    def start(self) -> None:
        content = {"type": OPENING, "lot": LOT, "at": at(self.now), "recording": "on", "deposits": "none"}
        fact = self.log.statement(facts.OpeningStarted, content, self.owner[0], lot=LOT, by="owner")
        self.log.append(fact)

    def lines(self, stage: str, i: int) -> dict[str, bytes]:
        return {
            one.bid_id: shares.unwrap(
                one.sealed.manifest.envelope(stage).share(i).wrapped, SUITE, self.secrets[stage, i]
            )
            for one in self.admitted
            if (one.bid_id, stage) not in self.bad(i)
        }

    def release(self, stage: str) -> None:
        made = {i: self.release_file(stage, i) for i in self.releasing()}
        self.promise(stage, made)
        self.log.cosign(self.now)
        self.pass_()
        self.give(stage, made)

    def release_file(self, stage: str, i: int) -> bytes:
        given = release.Release(LOT, self.roll.root, stage, 1, i, self.lines(stage, i))
        return given.file(Keyset.parse(self.keyset_raw))

    def promise(self, stage: str, made: dict[int, bytes]) -> None:
        for i, file in made.items():
            said = release.ReleaseHash(LOT, self.roll.root, stage, 1, i, canonical.sha(file))
            key, node = self.log.nodes[self.node(i)].private, self.node(i)
            self.log.append(self.log.statement(facts.ReleaseHash, said.content(), key, lot=LOT, stage=stage, node=node))

    def give(self, stage: str, made: dict[int, bytes]) -> None:
        for i, file in made.items():
            sig = keys.sign(file, self.log.nodes[self.node(i)].private)
            shown = keys.b64(file) if stage == "sheet" else None
            sha256 = canonical.sha(file)
            fact = facts.Release(lot=LOT, stage=stage, node=self.node(i), sha256=sha256, file=shown, sig=keys.b64(sig))
            self.log.append(fact)
            if stage == "sheet":
                self.put(f"releases/sheet-{i}.json", file)
                self.put(f"releases/sheet-{i}.sig", (keys.b64(sig) + "\n").encode())

    def plain(self, one: Taken) -> bytes:
        target = self.folder / f"{one.bid_id}.plain"
        from sealing import opening

        lines = {i: self.lines("sheet", i)[one.bid_id] for i in (1, 2, 3)}
        opening.open_envelope(one.sealed.manifest, "sheet", lines, one.sealed.folder / "sheet.age", target)
        return target.read_bytes()

    def opened_fact(self, one: Taken) -> facts.Fact:
        plain = self.plain(one)
        sheet = Sheet.parse(plain)
        return facts.BidOpened(
            lot=LOT, bid_id=one.bid_id, manifest_sha256=one.digest, sheet_sha256=canonical.sha(plain),
            bidder=sheet.header.bidder, price=money.wire(sheet.price), period_days=180,
        )  # fmt: skip

    def write_opening(self) -> None:
        record = canonical.encode(self.record())
        sigs = self.record_signatures(record)
        signed = tuple(facts.RecordSignature(by=by, sig=sig) for by, sig in sorted(sigs.items()))
        self.log.append(facts.OpeningRecord(lot=LOT, record_sha256=canonical.sha(record), signatures=signed))
        self.put("record.json", record)
        self.put("keyset.json", self.keyset_raw)
        self.put("roll.json", self.roll_told())
        self.put("acks.json", [self.ack(one, i) for one in self.taken.values() for i in (1, 2, 3)])
        self.put("withdrawals.json", {by: self.withdrawal_told(*row) for by, row in self.withdrawals.items()})
        self.put("disclosures.json", self.log.disclosed())
        for one in self.live:
            digest = one.sealed.manifest.envelope("sheet").ciphertext_sha256
            self.put(f"ciphertexts/{digest}.age", (one.sealed.folder / "sheet.age").read_bytes())
            if one in self.admitted and self.opens(one):
                self.put(f"sheets/{one.bid_id}.json", self.plain(one))

    def opens(self, one: Taken) -> bool:
        return True

    def record_signatures(self, record: bytes) -> dict[str, str]:
        signers = {"platform": self.log.platform, "owner": self.owner[0]}
        signers["supervisor"] = self.log.nodes["supervisor"].private
        return {by: keys.b64(keys.sign(record, key)) for by, key in signers.items()}

    def roll_told(self) -> dict[str, Any]:
        shown = [self.entry_told(entry.to_json()) for entry in self.roll.entries]
        head = {"lot": LOT, "seq": 1, "cut_size": self.cut_size, "root": self.roll.root}
        return {**head, "count": self.roll.count, "entries": shown}

    def entry_told(self, entry: dict[str, Any]) -> dict[str, Any]:
        if entry["status"] in ("live", "void"):
            return entry
        leaf = merkle.leaf_hash(canonical.encode(entry)).hex()
        return {**{name: part for name, part in entry.items() if name != "bidder_json"}, "leaf_sha256": leaf}

    def withdrawal_told(self, index: int, receipt: Signed) -> dict[str, Any]:
        proof = [keys.b64(part) for part in self.log.proof(index, self.cut_size)]
        return {"receipt": receipt.to_json(), "index": index, "proof": proof}

    def ack(self, one: Taken, i: int) -> dict[str, Any]:
        envelopes = tuple((one.bid_id, stage) for stage in ("sheet", "docs"))
        said = acks.Ack(one.digest, i, envelopes, at(self.now)).content()
        signed = Signed.make(said, self.log.nodes[self.node(i)].private)
        return {"node": self.node(i), "kind": "ack", **signed.to_json()}

    def record(self) -> dict[str, Any]:
        bids = [one.bid_id for one in self.admitted]
        return {
            "type": "kaibiao-opening-record/1", "lot": LOT,
            "roll": {"seq": 1, "root": self.roll.root, "count": self.roll.count, "cut_size": self.cut_size},
            "admitted": {"stage": "sheet", "bids": bids, "set_aside": []},
            "bids": [self.record_row(one) for one in self.admitted],
        }  # fmt: skip

    def record_row(self, one: Taken) -> dict[str, Any]:
        sha256 = canonical.sha(self.plain(one)) if self.opens(one) else None
        return {"bid_id": one.bid_id, "manifest_sha256": one.digest, "sheet_sha256": sha256}

    # evaluation and award --------------------------------------------------------------------------------------

    def evaluate(self) -> None:
        self.pass_()
        members = [
            facts.Member(alias=alias, sign_key=keys.spell(key.public_key()), kind="expert")
            for alias, (key, _) in self.experts.items()
        ]
        self.draw.play(self.log, self.now)
        self.log.append(facts.CommitteeFormed(lot=LOT, members=tuple(members)))
        self.log.append(self.draw.seated(list(self.experts)))
        self.put("committee.json", {"type": "t", "lot": LOT, "members": [one.to_json() for one in members]})
        self.plan_time()
        self.admit("docs", self.signings())
        self.release("docs")
        for one in self.docs_opened():
            sha256 = canonical.sha(one.bid_id.encode())
            self.log.append(facts.DocsOpened(lot=LOT, bid_id=one.bid_id, result="opened", sha256=sha256))
        self.put("docs.json", {"type": "t", "lot": LOT, "bids": [self.docs_told(one) for one in self.docs_opened()]})
        self.move("start_evaluation", "OPS")
        self.put("method.json", self.method.raw)
        self.score()
        self.put("result.json", self.result())
        self.sign_report()
        self.log.append(self.result_fact())
        self.move("report")

    def signings(self) -> tuple[facts.Signing, ...]:
        bids = [one.bid_id for one in self.live]
        said = {"lot": LOT, "stage": "docs", "seq": 1, "root": self.roll.root, "bids": bids, "set_aside": []}
        raw = canonical.encode({"type": ADMITTED, **said})
        return tuple(
            facts.Signing(by=alias, file=keys.b64(raw), sig=keys.b64(keys.sign(raw, key)))
            for alias, (key, _) in self.experts.items()
        )

    def docs_opened(self) -> list[Taken]:
        return self.live

    def docs_told(self, one: Taken) -> dict[str, Any]:
        sha256 = canonical.sha(one.bid_id.encode())
        return {"bid_id": one.bid_id, "result": "opened", "sha256": sha256, "judgment": None}

    def sheet(self, alias: str) -> bytes:
        plans = {one.bid_id: f"{30 + int(alias[1]) + number}" for number, one in enumerate(self.live)}
        bids = {
            bid_id: {"conforms": True, "ground": None, "scores": {"plan": plan, "record": "15"}, "notes": {}}
            for bid_id, plan in plans.items()
        }
        value = {"type": "kaibiao-score-sheet/1", "lot": LOT, "method_sha256": self.method.sha256}
        return canonical.encode({**value, "evaluator": alias, "bids": bids})

    def score(self) -> None:
        self.scored = {}
        for alias, (key, cert) in self.experts.items():
            raw = self.sheet(alias)
            sig = keys.b64(keys.sign(raw, key))
            fact = facts.ScoreSheet(lot=LOT, evaluator=alias, sheet_sha256=canonical.sha(raw), sig=sig)
            self.log.append(fact)
            self.scored[alias] = {"file": keys.b64(raw), "sig": sig, "cert": keys.b64(cert)}

    def result(self) -> bytes:
        prices = {one.bid_id: Sheet.parse(self.plain(one)).price for one in self.live}
        found = [score_sheets.parse(keys.unb64(row["file"])) for row in self.scored.values()]
        bids = [Bid(bid_id, price) for bid_id, price in prices.items()]
        return evaluate(self.method, bids, found).file(LOT)

    def result_fact(self) -> facts.ResultPublished:
        raw = self.files[f"lots/{LOT}/result.json"]
        rows = canonical.decode(raw)["ranking"]
        places = tuple(facts.Place(bid_id=row["bid_id"], rank=row["rank"], total=row["total"]) for row in rows)
        return facts.ResultPublished(
            lot=LOT, method_sha256=self.method.sha256, result_sha256=canonical.sha(raw), ranking=places
        )

    def publicity_s(self) -> int:
        return PUBLICITY

    def award(self) -> None:
        self.pass_()
        told = self.told["lots"][0]
        told["candidates"] = self.candidates()
        self.move("start_publicity", "OWNER")
        self.log.append(facts.PublicityStarted(lot=LOT, ends_at=at(self.now + self.publicity_s())))
        self.pass_(PUBLICITY + 1)
        winner = self.winner(told["candidates"])
        signed = Signed.make({"type": "kaibiao-award/1", "lot": LOT, **winner}, self.owner[0])
        self.move("award", "OWNER")
        self.log.append(facts.Award(lot=LOT, **winner))
        told["awarded_bid"], told["award"] = winner["bid_id"], signed.to_json()
        self.name_members()
        for alias, row in self.scored.items():
            self.put(f"scores/{alias}.json", row)
        self.put("disclosures.json", self.log.disclosed())

    def name_members(self) -> None:
        told = canonical.decode(self.files[f"lots/{LOT}/committee.json"])
        named = self.draw.opened(list(self.experts))
        self.put("committee.json", {**told, "members": [{**row, **named[row["alias"]]} for row in told["members"]]})

    def candidates(self) -> list[dict[str, str]]:
        taken = {one.bid_id: one for one in self.live}
        rows = canonical.decode(self.files[f"lots/{LOT}/result.json"])["ranking"]
        return [self.candidate(taken[row["bid_id"]]) for row in rows]

    def candidate(self, one: Taken) -> dict[str, str]:
        sheet = Sheet.parse(self.plain(one))
        said = {"bid_id": one.bid_id, "manifest_sha256": one.digest}
        return {**said, "bidder": sheet.header.bidder, "price": money.wire(sheet.price)}

    def winner(self, candidates: list[dict[str, str]]) -> dict[str, str]:
        return candidates[0]


__all__ = ["CLOSES", "LOT", "TENDER", "Status", "TenderPlay", "roll"]
