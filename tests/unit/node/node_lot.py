"""One lot played before four real nodes: keyset, bids, cut, roll, closes, release; the platform's side by hand."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel import canonical, clock, keys, merkle
from kernel.statements import Signed
from sealing import age, bid, certificates, receipts, release, roll, shares
from sealing.keyset import Audience, AudienceRecipient, FactKeys, Keyset, Stage, TrusteeEntry
from sealing.manifest import ClientClaim, Manifest
from sealing.roll import Close, Roll, RollEntry, Status
from sealing.roll_check import Withdrawn
from supervision import facts, mail
from supervision.lotview import ADMITTED, OPENING
from tests.unit.node.node_world import START, World

LOT = "E9901010000000117001001"
CLOSES, OPENS = START + dt.timedelta(minutes=10), START + dt.timedelta(minutes=11)
TIMES = {"cut_grace": 5, "roll_window": 3, "open_wait": 20, "release_by": 60, "rescue_until": 120}
YEAR = dt.timedelta(days=365)
STAGES = ("sheet", "docs")


@dataclass
class Taken:
    """A bid the platform took: its papers, receipt and place in the log."""

    sealed: bid.SealedBid
    identity: bid.BidderIdentity
    receipt: Signed
    index: int

    @property
    def digest(self) -> str:
        return self.sealed.manifest_sha256


@dataclass
class LotPlay:
    world: World
    owner: keys.PrivateKey = field(default_factory=keys.generate)
    ca_key: keys.PrivateKey = field(default_factory=keys.generate)
    member: keys.PrivateKey = field(default_factory=keys.generate)
    evaluator: tuple[bytes, str] = field(default_factory=age.generate)
    raw: bytes = b""
    taken: list[Taken] = field(default_factory=list)
    withdrawn: dict[str, Withdrawn] = field(default_factory=dict)
    withdrawals: list[tuple[str, Signed, int]] = field(default_factory=list)
    statuses: dict[str, tuple[Status, str]] = field(default_factory=dict)
    cut_size: int = 0

    @property
    def ca(self) -> bytes:
        if not hasattr(self, "_ca"):
            self._ca = certificates.make_ca("平台 CA", self.ca_key, START - 2 * YEAR, START + 2 * YEAR)
        return self._ca

    @property
    def keyset(self) -> Keyset:
        return Keyset.parse(self.raw)

    # before the deadline ---------------------------------------------------------------------------------------

    def entries(self, version: int = 1) -> dict[str, list[TrusteeEntry]]:
        """Ask the nodes for their identities and read their signed entries."""
        self.world.mail("trustee.request", {"lot": LOT, "version": version, "stages": list(STAGES)})
        self.world.settle(rounds=1)
        found: dict[str, list[TrusteeEntry]] = {stage: [] for stage in STAGES}
        for body in self.world.net.taken("trustee.entries"):
            if body["version"] == version:
                for item in body["entries"]:
                    said = canonical.decode(keys.unb64(item["file"]))
                    parts = {name: said[name] for name in ("i", "org", "recipient", "sign_key")}
                    found[item["stage"]].append(TrusteeEntry(**parts, sig=item["sig"]))
        return {stage: sorted(rows, key=lambda row: row.i) for stage, rows in found.items()}

    def stages(self, entries: dict[str, list[TrusteeEntry]], t: int = 3) -> tuple[Stage, ...]:
        reader = (AudienceRecipient("评标", self.evaluator[1]),)
        return tuple(
            Stage(
                name=name,
                t=t,
                holds_price=name == "sheet",
                audience=Audience.PUBLIC if name == "sheet" else Audience.EVALUATION,
                audience_recipients=() if name == "sheet" else reader,
                trustees=tuple(entries[name]),
            )
            for name in STAGES
        )

    def build(self, version: int = 1, **changed: Any) -> bytes:
        spelled = keys.spell(self.owner.public_key())
        supervisor = self.world.policy.witnesses["supervisor"].sign_key
        terms = {
            "lot": LOT,
            "version": version,
            "fact_keys": FactKeys(spelled, spelled, supervisor),
            **TIMES,
            **changed,
        }
        if "stages" not in terms:
            terms["stages"] = self.stages(self.entries(version))
        return Keyset(**terms).encode()

    def publish(self) -> None:
        """Keyset and timetable into the log, as the platform does it."""
        self.raw = self.build()
        self.log_keyset(self.raw)
        self.timetable(CLOSES, OPENS)
        self.log()

    def log_keyset(self, raw: bytes, version: int = 1) -> int:
        body = {"lot": LOT, "version": version, "file": keys.b64(raw)}
        self.world.mail("keyset.sign", body, "supervisor")
        self.world.settle("supervisor", rounds=1)
        sig = next(b["sig"] for b in self.world.net.taken("keyset.signature") if b["version"] == version)
        owner = keys.b64(keys.sign(raw, self.owner))
        fact = facts.Keyset(lot=LOT, version=version, file=keys.b64(raw), sig_owner=owner, sig_supervisor=sig)
        return self.world.log.append(fact)

    def timetable(self, closes: dt.datetime, opens: dt.datetime, key: keys.PrivateKey | None = None) -> int:
        content = {
            "type": "kaibiao-timetable/1",
            "lot": LOT,
            "keyset_sha256": canonical.sha(self.raw),
            "closes_at": clock.rfc3339(closes),
            "opens_at": clock.rfc3339(opens),
        }
        return self.world.log.append(self.statement(facts.Timetable, content, key or self.owner))

    def statement(self, kind: Any, content: dict[str, Any], key: keys.PrivateKey, **fields: Any) -> facts.Fact:
        signed = Signed.make(content, key)
        return kind(lot=LOT, file=keys.b64(signed.raw), sig=keys.b64(signed.sig), **fields)

    def log(self, rounds: int = 2) -> None:
        """Announce what the log holds and let everybody look."""
        self.world.announce()
        self.world.settle(rounds=rounds)

    def identity(self, org: str) -> bid.BidderIdentity:
        key = keys.generate()
        subject = certificates.Subject(org, f"{abs(hash(org)) % 10**18:018d}", "p-1")
        made = {"serial": 1000, "not_before": START - YEAR, "not_after": START + YEAR}
        der = certificates.issue(self.ca, self.ca_key, key.public_key(), subject, **made)
        return bid.BidderIdentity((der,), key)

    def seal(self, org: str, identity: bid.BidderIdentity | None = None, prev: str | None = None) -> Taken:
        """A bid sealed but not handed in: its receipt is empty."""
        identity = identity or self.identity(org)
        out = (
            self.world.folder
            / f"bid-{len(self.taken)}-{org}-{keys.spell(identity.key.public_key())[-8:-2].encode().hex()}-{prev or ''}"
        )
        job = {
            "files": [],
            "out": Path(out),
            "created_at": clock.rfc3339(START),
            "client": ClientClaim("kaibiao", "0.1.0", "0" * 64),
            "prev": prev,
        }
        sheet = {"price": "21846300.00", "period_days": 180}
        return Taken(bid.seal(self.keyset, self.raw, identity, sheet, **job), identity, Signed(b"", b""), -1)

    def take(self, made: Taken) -> Taken:
        """The platform's receipt and sealed fact; the manifest goes to the nodes."""
        at = clock.rfc3339(self.world.hands["supervisor"].now())
        fact = receipts.sealed_fact(LOT, made.sealed.manifest_raw, made.sealed.sig, at)
        receipt = receipts.Receipt(fact, bytes(16))
        made.index = self.world.log.append(receipt.entry())
        made.receipt = Signed.make(receipt.content(), self.world.platform)
        self.taken.append(made)
        self.world.mail("manifest", {"lot": LOT, "manifest": keys.b64(made.sealed.manifest_raw)})
        return made

    def bid(self, org: str, **options: Any) -> Taken:
        made = self.take(self.seal(org, **options))
        self.world.settle(rounds=1)
        return made

    def replace(self, old: Taken, org: str) -> Taken:
        new = self.bid(org, identity=old.identity, prev=old.digest)
        self.statuses[old.digest] = (Status.REPLACED, new.digest)
        return new

    def withdraw(self, old: Taken, key: keys.PrivateKey | None = None) -> Signed:
        at = clock.rfc3339(self.world.hands["supervisor"].now())
        said = Signed.make(receipts.Withdrawal(LOT, old.digest, at).content(), key or old.identity.key)
        receipt = receipts.Receipt(receipts.withdrawn_fact(said, at), bytes(16))
        index = self.world.log.append(receipt.entry())
        signed = Signed.make(receipt.content(), self.world.platform)
        self.withdrawals.append((said.sha256, signed, index))
        self.statuses[old.digest] = (Status.WITHDRAWN, said.sha256)
        return signed

    # the close -------------------------------------------------------------------------------------------------

    def go_to(self, moment: dt.datetime) -> None:
        self.world.pass_(int((moment - self.world.hands["supervisor"].now()).total_seconds()))

    def cut(self) -> int:
        self.go_to(CLOSES)
        self.world.log.cover(2)
        self.cut_size = len(self.world.log.entries)
        self.log()
        return self.cut_size

    def proof(self, index: int) -> tuple[bytes, ...]:
        hashes = [merkle.leaf_hash(raw) for raw in self.world.log.entries[: self.cut_size]]
        return tuple(merkle.inclusion_proof(hashes, index, self.cut_size)) if index < self.cut_size else ()

    def roll(self, seq: int = 1, taken: Iterable[Taken] | None = None) -> Roll:
        entries = [self._roll_entry(one) for one in (self.taken if taken is None else taken)]
        return Roll.of(LOT, seq, self.cut_size, entries)

    def _roll_entry(self, one: Taken) -> RollEntry:
        status, by = self.statuses.get(one.digest, (Status.LIVE, None))
        return RollEntry(
            manifest=one.sealed.manifest_raw,
            sig=one.sealed.sig,
            bidder_json=one.sealed.bidder_json,
            receipt=one.receipt,
            index=one.index,
            proof=self.proof(one.index),
            status=status,
            by=by,
        )

    def send_roll(self, made: Roll, ciphertexts: Iterable[Taken] | None = None) -> None:
        """Box closed into the log and the roll by mail, in the parts that `supervision.mail` makes."""
        self.world.log.append(facts.from_json(made.closed_fact()))
        found = {digest: Withdrawn(signed, at, self.proof(at)) for digest, signed, at in self.withdrawals}
        files = {
            (one.sealed.manifest.bid_id, "sheet"): (one.sealed.folder / "sheet.age").read_bytes
            for one in (self.taken if ciphertexts is None else ciphertexts)
        }
        parts = list(mail._parts(mail._items(mail.RollMail(LOT, made.seq, made.entries, found, files))))
        for number, items in enumerate(parts, 1):
            body: dict[str, Any] = {"entries": [], "withdrawals": {}, "ciphertexts": {}}
            for where, name, value in items:
                if where == "entries":
                    body["entries"].append(value)
                else:
                    body[where][name] = value
            target = {"lot": LOT, "seq": made.seq, "part": number, "parts": len(parts)}
            self.world.mail("roll", {**target, **body})
        self.log()

    def close(self, made: Roll | None = None) -> Roll:
        """Cut, roll and the nodes' closes, those logged."""
        self.cut()
        made = made or self.roll()
        self.send_roll(made)
        self.world.pass_(TIMES["roll_window"])
        self.world.settle(rounds=1)
        self.log_closes()
        return made

    def close_with(self, taken: list[Taken]) -> Roll:
        """A dishonest close: the roll lists only these."""
        self.cut()
        made = self.roll(taken=taken)
        self.send_roll(made)
        self.world.pass_(TIMES["roll_window"])
        self.world.settle(rounds=1)
        return made

    def closes(self, seq: int = 1) -> dict[str, Close]:
        found = {}
        for answer in self.world.net.answers:
            if answer["kind"] == "close":
                said = Close.read(Signed.from_json(answer["body"]))
                if said.seq == seq:
                    found[answer["node"]] = said
        return found

    def log_closes(self, *nodes: str) -> None:
        for answer in list(self.world.net.answers):
            if answer["kind"] == "close" and (not nodes or answer["node"] in nodes):
                fact = facts.Close(lot=LOT, node=answer["node"], **answer["body"])
                if not self._has(fact):
                    self.world.log.append(fact)
        self.log()

    # the opening -----------------------------------------------------------------------------------------------

    def admit(self, made: Roll, bids: Iterable[str] | None = None, cleared: Any = ()) -> None:
        by_node = self.closes(made.seq)
        closes = {list(self.world.policy.witnesses).index(node) + 1: said for node, said in by_node.items()}
        live = [Manifest.parse(entry.manifest) for entry in made.live()]
        found = release.admitted(live, self.keyset.stages[0], closes, cleared)
        self._admit(made, "sheet", tuple(bids) if bids is not None else found.bids, found.set_aside, ())

    def admit_docs(self, made: Roll, key: keys.PrivateKey | None = None) -> None:
        bids = tuple(sorted(Manifest.parse(entry.manifest).bid_id for entry in made.live()))
        said = {"lot": LOT, "stage": "docs", "seq": made.seq, "root": made.root, "bids": list(bids), "set_aside": []}
        signed = Signed.make({"type": ADMITTED, **said}, key or self.member)
        signing = facts.Signing(by="专家一", file=keys.b64(signed.raw), sig=keys.b64(signed.sig))
        self._admit(made, "docs", bids, (), (signing,))

    def _admit(self, made: Roll, stage: str, bids: Any, aside: Any, signatures: Any) -> None:
        fact = facts.StageAdmitted(
            lot=LOT, stage=stage, seq=made.seq, root=made.root, bids=bids, set_aside=aside, signatures=signatures
        )
        self.world.log.append(fact)
        self.log()

    def committee(self) -> None:
        member = facts.Member(alias="专家一", sign_key=keys.spell(self.member.public_key()), kind="expert")
        self.world.log.append(facts.CommitteeFormed(lot=LOT, members=(member,)))
        self.log()

    def start_opening(self, key: keys.PrivateKey | None = None) -> None:
        at = clock.rfc3339(self.world.hands["supervisor"].now())
        content = {"type": OPENING, "lot": LOT, "at": at, "recording": "on", "deposits": "none"}
        self.world.log.append(self.statement(facts.OpeningStarted, content, key or self.owner, by="owner"))
        self.log()

    def log_hashes(self) -> None:
        for answer in list(self.world.net.answers):
            if answer["kind"] == "release.hash":
                said = release.ReleaseHash.read(Signed.from_json(answer["body"]))
                fact = facts.ReleaseHash(lot=LOT, stage=said.stage, node=answer["node"], **answer["body"])
                if not self._has(fact):
                    self.world.log.append(fact)
        self.log()

    def read_out(self, made: Roll, but: Iterable[str] = ()) -> None:
        """Every live bid but these into the log as opened, and an opening record after them."""
        left = set(but)
        for manifest in (Manifest.parse(entry.manifest) for entry in made.live()):
            if manifest.bid_id not in left:
                self.world.log.append(self._opened(manifest))
        self.world.log.append(facts.OpeningRecord(lot=LOT, record_sha256="0" * 64, signatures=()))
        self.log()

    def _opened(self, manifest: Manifest) -> facts.BidOpened:
        hashes = {"manifest_sha256": canonical.sha(manifest.encode()), "sheet_sha256": "0" * 64}
        return facts.BidOpened(lot=LOT, bid_id=manifest.bid_id, bidder="某公司", price="1.00", period_days=1, **hashes)

    def log_releases(self) -> None:
        """Every public release that the nodes gave, into the log."""
        for answer in list(self.world.net.answers):
            if answer["kind"] == "release" and "file" in answer["body"]:
                said = release.Release.parse(keys.unb64(answer["body"]["file"]))
                sha256 = canonical.sha(keys.unb64(answer["body"]["file"]))
                fact = facts.Release(lot=LOT, stage=said.stage, node=answer["node"], sha256=sha256, **answer["body"])
                if not self._has(fact):
                    self.world.log.append(fact)
        self.log()

    def releases(self, number: int = 1) -> dict[int, release.Release]:
        """Share index to what that node gave of the sheets for an admission."""
        bodies = [body for body in self.world.net.taken("release") if "file" in body]
        found = [release.Release.parse(keys.unb64(body["file"])) for body in bodies]
        return {said.i: said for said in found if said.number == number}

    def log_disputes(self) -> None:
        """Every identity that a node published, into the log."""
        for body in self.world.net.taken("stage.identity"):
            node = next(a["node"] for a in self.world.net.answers if a["body"] == body)
            fact = facts.StageIdentity(node=node, **body)
            if not self._has(fact):
                self.world.log.append(fact)
        self.log()

    def finding(self, seen: dict[str, Any], *nodes: str) -> None:
        """What was seen of a line, signed by these nodes, into the log."""
        for name in nodes:
            key = self.world.nodes[name].keys.witness.private
            said = {part: seen[part] for part in ("bid_id", "stage", "i")}
            self.world.log.append(self.statement(facts.Finding, seen, key, by=name, **said))
        self.log()

    def spoiled(self, org: str, *bad: int) -> Taken:
        """A bid whose bidder gave these trustees another line of the sheet than the one it committed to."""
        made = self.seal(org)
        manifest = made.sealed.manifest
        envelope = manifest.envelope("sheet")
        parts = tuple(self._spoiled(envelope.core_sha256, share, share.i in bad) for share in envelope.shares)
        rest = tuple(one for one in manifest.envelopes if one.stage != "sheet")
        raw = dataclasses.replace(manifest, envelopes=(dataclasses.replace(envelope, shares=parts), *rest)).encode()
        sig = keys.sign(raw, made.identity.key)
        made.sealed = dataclasses.replace(made.sealed, manifest=Manifest.parse(raw), manifest_raw=raw, sig=sig)
        self.take(made)
        self.world.settle(rounds=1)
        return made

    def _spoiled(self, core: str, share: Any, bad: bool) -> Any:
        if not bad:
            return share
        line = shares.share_line(core, share.i, bytes(32) + bytes([share.x]))
        recipient = self.keyset.stage("sheet").trustee(share.i).recipient
        return dataclasses.replace(share, wrapped=keys.b64(age.encrypt_bytes(line, recipient)))

    def _has(self, fact: facts.Fact) -> bool:
        from supervision import entries

        return entries.open_entry(fact.to_json()) in self.world.log.entries


__all__ = ["CLOSES", "LOT", "OPENS", "STAGES", "TIMES", "LotPlay", "Taken", "roll"]
