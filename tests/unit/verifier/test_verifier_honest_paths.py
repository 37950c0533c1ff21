"""What may happen in an honest tender is no lie: moved deadlines, bad shares, lost files, too few bids."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from kernel import canonical, keys
from sealing import age, disputes, shares
from sealing.bid import SealedBid
from sealing.keyset import Keyset
from sealing.manifest import Manifest
from supervision import facts
from tests.unit.verifier.honest_tender import CLOSES, LOT, Taken, TenderPlay
from tests.unit.verifier.public_log import at
from tests.unit.verifier.rechecked import lies, recheck
from verifier.claims import Mark


class Extended(TenderPlay):
    """The owner gives half a minute more."""

    def collect(self) -> None:
        super().collect()
        self.closes += 30
        self.log.append(self.timetable(self.closes))
        self.log.cosign(self.now)
        self.told["lots"][0] |= {"closes_at": at(self.closes), "opens_at": at(self.closes)}


class ExtendedTooLate(TenderPlay):
    """An extension that a quorum saw only after the deadline is void; the old one stands."""

    last = "close"

    def close(self) -> None:
        self.now = CLOSES
        self.log.append(self.timetable(CLOSES + 30))
        super().close()


class Suspended(TenderPlay):
    """Stopped for ten seconds, and given back."""

    def collect(self) -> None:
        super().collect()
        said = {"type": "kaibiao-suspended/1", "lot": LOT, "at": at(self.now), "cause": "停电"}
        self.log.append(self.log.statement(facts.Suspended, said, self.owner[0], lot=LOT, by="owner"))
        self.log.cosign(self.now)
        self.pass_(10)
        self.closes += 20
        moments = {"at": at(self.now), "closes_at": at(self.closes), "opens_at": at(self.closes)}
        said = {"type": "kaibiao-resumed/1", "lot": LOT, **moments}
        self.log.append(self.log.statement(facts.Resumed, said, self.owner[0], lot=LOT, by="owner"))
        self.log.cosign(self.now)
        self.told["lots"][0] |= {"closes_at": at(self.closes), "opens_at": at(self.closes)}


class Disputed(TenderPlay):
    """Trustees 3 and 4 call 乙's line bad; it is set aside, inspected, and trustee 3 publishes its identity."""

    last = "open"
    told_party = "trustee"

    def bad(self, i: int) -> tuple[tuple[str, str], ...]:
        return ((self.taken["乙"].bid_id, "sheet"),) if i in (3, 4) else ()

    def releasing(self) -> list[int]:
        return [1, 2, 3, 4]

    @property
    def admitted(self) -> list[Taken]:
        return [one for one in self.live if one is not self.taken["乙"]]

    def release(self, stage: str) -> None:
        super().release(stage)
        self.inspect()
        said = disputes.Identity(LOT, "sheet", 3, self.secrets["sheet", 3], at(self.now))
        key, node = self.log.nodes[self.node(3)].private, self.node(3)
        fields = {"lot": LOT, "stage": "sheet", "node": node}
        self.log.append(self.log.statement(facts.StageIdentity, said.content(), key, **fields))
        bid_id = self.taken["乙"].bid_id
        judged = {"lot": LOT, "bid_id": bid_id, "stage": "sheet", "i": 3, "reason": "-"}
        self.log.append(facts.LineJudged(party=self.told_party, **judged))

    def inspect(self) -> None:
        keyset, one = Keyset.parse(self.keyset_raw), self.taken["乙"]
        seen = disputes.inspect(one.sealed.manifest_raw, keyset, ("sheet", 3), self.secrets["sheet", 3], at(self.now))
        for i in (1, 2):
            key = self.log.nodes[self.node(i)].private
            fields = {"lot": LOT, "bid_id": one.bid_id, "stage": "sheet", "i": 3, "by": self.node(i)}
            self.log.append(self.log.statement(facts.Finding, seen.content(), key, **fields))


class DisputedAndBad(Disputed):
    """乙 gave trustees 3 and 4 another line than the one it committed to: its own fault."""

    told_party = "bidder"

    def seal(self, name: str, price: str, holder: object = None, prev: str | None = None) -> Taken:
        made = super().seal(name, price, holder, prev)
        if name != "乙":
            return made
        manifest, keyset = made.sealed.manifest, Keyset.parse(self.keyset_raw)
        envelope = manifest.envelope("sheet")
        parts = []
        for share in envelope.shares:
            odd = shares.share_line(envelope.core_sha256, share.i, bytes(32) + bytes([share.x]))
            wrapped = keys.b64(age.encrypt_bytes(odd, keyset.stage("sheet").trustee(share.i).recipient))
            parts.append(dataclasses.replace(share, wrapped=wrapped) if share.i in (3, 4) else share)
        sheet = dataclasses.replace(envelope, shares=tuple(parts))
        rest = tuple(one for one in manifest.envelopes if one.stage != "sheet")
        raw = dataclasses.replace(manifest, envelopes=(sheet, *rest)).encode()
        sig = keys.sign(raw, made.holder[0])
        sealed = dataclasses.replace(made.sealed, manifest=Manifest.parse(raw), manifest_raw=raw, sig=sig)
        return dataclasses.replace(made, sealed=sealed)

    def release(self, stage: str) -> None:
        super().release(stage)
        one = self.taken["乙"]
        verdict = {"verdict": "revoked", "party": "bidder", "rule": "1.7", "reason": "-"}
        self.log.append(facts.BidJudged(lot=LOT, bid_id=one.bid_id, manifest_sha256=one.digest, **verdict))

    def record(self) -> dict[str, object]:
        one = self.taken["乙"]
        row = {"bid_id": one.bid_id, "manifest_sha256": one.digest, "sheet_sha256": None}
        found = super().record()
        return {**found, "bids": [*found["bids"], row]}


def made(folder: Path, play: type[TenderPlay]) -> TenderPlay:
    where = folder / play.__name__
    where.mkdir()
    return play(where)


def test_a_line_judged_by_a_published_identity_is_judged_again(tmp_path):
    for play in (Disputed, DisputedAndBad):
        report = recheck(made(tmp_path, play).play(), tmp_path / f"{play.__name__}-files")
        assert lies(report) == [], [claim.words.en for claim in lies(report)]
        lines = [claim for claim in report.claims if claim.topic == "line"]
        assert [claim.mark for claim in lines] == [Mark.HOLDS]


def test_a_line_blamed_on_the_wrong_party_is_a_lie(tmp_path):
    class Blamed(Disputed):
        told_party = "bidder"

    report = recheck(made(tmp_path, Blamed).play(), tmp_path / "files")
    assert [claim.topic for claim in lies(report)] == ["line"]


class BadShare(TenderPlay):
    """乙's fourth share does not fit the others: trustee 4 says so, and the bid is revoked."""

    last = "open"

    def seal(self, name: str, *rest) -> Taken:
        made = super().seal(name, *rest)
        if name != "乙":
            return made
        manifest = made.sealed.manifest
        sheet = manifest.envelopes[0]
        broken = dataclasses.replace(sheet.shares[3], plain_sha256=canonical.sha(b"another line"))
        sheet = dataclasses.replace(sheet, shares=(*sheet.shares[:3], broken))
        manifest = dataclasses.replace(manifest, envelopes=(sheet, *manifest.envelopes[1:]))
        raw = manifest.encode()
        sealed = made.sealed
        made.sealed = SealedBid(sealed.folder, manifest, raw, keys.sign(raw, made.holder[0]), sealed.bidder_json)
        return made

    def bad(self, i: int) -> tuple[tuple[str, str], ...]:
        return ((self.taken["乙"].bid_id, "sheet"),) if i == 4 else ()

    def releasing(self) -> list[int]:
        return [1, 2, 3, 4]

    def opens(self, one: Taken) -> bool:
        return one is not self.taken["乙"]

    def opened_fact(self, one: Taken) -> facts.Fact:
        if self.opens(one):
            return super().opened_fact(one)
        return self.judged(one, "bidder", "1.6(b)", "revoked")

    def judged(self, one: Taken, party: str, rule: str, verdict) -> facts.Fact:
        return facts.BidJudged(
            lot=LOT, bid_id=one.bid_id, manifest_sha256=one.digest, verdict=verdict, party=party, rule=rule, reason="r"
        )  # fmt: skip

    def plain(self, one: Taken) -> bytes:
        return super().plain(one) if self.opens(one) else b""

    def ack(self, one: Taken, i: int):
        return super().ack(one, i)


class BlamedOnTheTrustee(BadShare):
    """The same, but the platform blames trustee 4."""

    def opened_fact(self, one: Taken) -> facts.Fact:
        if self.opens(one):
            return super().opened_fact(one)
        return self.judged(one, "trustee", "1.6(a)", "returned")


class LostFile(BadShare):
    """The platform lost 乙's ciphertext, and says that it is its own fault."""

    def seal(self, name: str, *rest) -> Taken:
        return TenderPlay.seal(self, name, *rest)

    def bad(self, i: int) -> tuple[tuple[str, str], ...]:
        return ()

    def opened_fact(self, one: Taken) -> facts.Fact:
        if self.opens(one):
            return super().opened_fact(one)
        return self.judged(one, "platform", "1.6(d)", "returned")

    def finish(self) -> dict[str, bytes]:
        digest = self.taken["乙"].sealed.manifest.envelope("sheet").ciphertext_sha256
        del self.files[f"lots/{LOT}/ciphertexts/{digest}.age"]
        return super().finish()


class SetAside(TenderPlay):
    """Two trustees call 乙's lines bad: short of t good lines, it is set aside and the others open."""

    last = "open"

    def bad(self, i: int) -> tuple[tuple[str, str], ...]:
        return ((self.taken["乙"].bid_id, "sheet"),) if i in (3, 4) else ()

    @property
    def admitted(self) -> list[Taken]:
        return [one for one in self.live if one is not self.taken["乙"]]


class TooFew(TenderPlay):
    """Two bids are no competition: the lot fails at the close and stays shut."""

    last = "open"

    def collect(self) -> None:
        for name in ("甲", "乙"):
            self.take(name, self.seal(name, "20000000.00"))

    def open(self) -> None:
        self.move("too_few")


class Cancelled(TenderPlay):
    last = "collect"

    def collect(self) -> None:
        super().collect()
        self.move("cancel", "OWNER")
        self.log.append(facts.TenderCancelled(tender=LOT[:20], reason="资金未落实", law="条例 第三十一条"))


@pytest.mark.parametrize(
    "play", [Extended, ExtendedTooLate, Suspended, BadShare, LostFile, SetAside, TooFew, Cancelled]
)
def test_an_honest_path_holds(play, tmp_path):
    report = recheck(play(tmp_path).play(), tmp_path / "archive")
    assert not lies(report), [claim.words.en for claim in lies(report)]


def words(play, tmp_path, topic):
    report = recheck(play(tmp_path).play(), tmp_path / "archive")
    return [(claim.mark, claim.words.en) for claim in report.claims if claim.topic == topic]


def test_a_revoked_bid_is_shown_with_its_reason(tmp_path):
    found = [text for mark, text in words(BadShare, tmp_path, "bid") if "does not open" in text]
    assert len(found) == 1
    assert "share 4 does not fit the others" in found[0]


def test_blame_put_on_the_wrong_party_is_a_lie(tmp_path):
    found = [text for mark, text in words(BlamedOnTheTrustee, tmp_path, "bid") if mark is Mark.LIE]
    assert len(found) == 1
    assert "blamed on trustee (1.6(a)); it is bidder's fault (1.6(b))" in found[0]


def test_an_extension_seen_too_late_is_void_and_no_lie(tmp_path):
    found = words(ExtendedTooLate, tmp_path, "timetable")
    assert [mark for mark, _ in found] == [Mark.HOLDS, Mark.NOT_DUE]
    assert "void: cosigned after the deadline" in found[1][1]


def test_a_bid_set_aside_is_named(tmp_path):
    found = [text for mark, text in words(SetAside, tmp_path, "bid") if mark is Mark.NOT_DUE]
    assert len(found) == 1
    assert "set aside" in found[0]


def test_a_failed_lot_says_how_many_bids_there_were(tmp_path):
    ((mark, text),) = words(TooFew, tmp_path, "failed")
    assert mark is Mark.HOLDS
    assert text.startswith("2 bids, fewer than 3")
