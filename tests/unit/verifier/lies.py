"""Every way to lie about a tender that these tests know: platforms, trustees, owners and archives that are not honest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any

from kernel import canonical, keys
from sealing.roll import Close, Status
from supervision import facts
from supervision.entries import cover_entry, open_entry
from tests.unit.verifier.honest_tender import CLOSES, GRACE, LOT, PUBLICITY, Taken, TenderPlay
from tests.unit.verifier.public_log import at

Files = dict[str, bytes]


def path(name: str) -> str:
    return f"lots/{LOT}/{name}"


# a platform that lies in the log itself ---------------------------------------------------------------------------


class AnotherPrice(TenderPlay):
    def opened_fact(self, one: Taken) -> facts.Fact:
        fact = super().opened_fact(one)
        wrong = fact.price == "19000000.00"
        return dataclasses.replace(fact, price="20999999.00") if wrong else fact


class AnotherBidder(TenderPlay):
    def opened_fact(self, one: Taken) -> facts.Fact:
        return dataclasses.replace(super().opened_fact(one), bidder="关系户公司")


class JudgedThoughItOpens(TenderPlay):
    def opened_fact(self, one: Taken) -> facts.Fact:
        if one is not self.live[0]:
            return super().opened_fact(one)
        return facts.BidJudged(
            lot=LOT, bid_id=one.bid_id, manifest_sha256=one.digest, verdict="revoked", party="bidder",
            rule="1.6(e)", reason="damaged",
        )  # fmt: skip


class ReadOutTwice(TenderPlay):
    def opened_fact(self, one: Taken) -> facts.Fact:
        if one is self.live[0]:
            self.log.append(super().opened_fact(one))
        return super().opened_fact(one)


class LeftOffTheRoll(TenderPlay):
    last = "open"

    def on_roll(self) -> list[Taken]:
        return [one for name, one in self.taken.items() if name != "乙"]


class FalselyWithdrawn(TenderPlay):
    last = "open"

    def close(self) -> None:
        self.taken["乙"].status, self.taken["乙"].by = Status.WITHDRAWN, "ab" * 32
        super().close()


class WithdrawnByAnothersStatement(TenderPlay):
    last = "open"

    def close(self) -> None:
        self.taken["乙"].status, self.taken["乙"].by = Status.WITHDRAWN, self.taken["丁"].by
        super().close()


class WithdrawnYetLive(TenderPlay):
    def withdraw(self, name: str) -> None:
        super().withdraw(name)
        self.taken[name].status, self.taken[name].by = Status.LIVE, None


class ReplacedYetLive(TenderPlay):
    def collect(self) -> None:
        super().collect()
        self.taken["丙"].status, self.taken["丙"].by = Status.LIVE, None


class ReplacedByAStranger(TenderPlay):
    def collect(self) -> None:
        super().collect()
        target = self.taken["乙"]
        made = self.take("戊", self.seal("戊", "1000000.00", None, target.digest))
        target.status, target.by = Status.REPLACED, made.digest


class TwoLiveBids(TenderPlay):
    def collect(self) -> None:
        super().collect()
        self.take("甲2", self.seal("甲2", "1000000.00", self.taken["甲"].holder))


class SlippedInAfterTheCut(TenderPlay):
    def cut_at(self) -> int:
        made = self.seal("戊", "1000000.00")
        self.late = made
        return super().cut_at()

    def on_roll(self) -> list[Taken]:
        if "戊" not in self.taken:
            now, self.now = self.now, 50
            self.take("戊", self.late)
            self.now = now
        return super().on_roll()


class ReceivedLate(TenderPlay):
    def collect(self) -> None:
        super().collect()
        now, self.now = self.now, CLOSES + 1
        self.take("戊", self.seal("戊", "1000000.00"))
        self.now = now


class ReceiptByAnotherKey(TenderPlay):
    def receipt(self, fact: Any) -> Any:
        honest, self.log.platform = self.log.platform, keys.generate()
        try:
            return super().receipt(fact)
        finally:
            self.log.platform = honest


class CutTooLate(TenderPlay):
    def cut_at(self) -> int:
        return CLOSES + GRACE + 1


class CutTooEarly(TenderPlay):
    def cut_at(self) -> int:
        return CLOSES - 1


class TwoCloses(TenderPlay):
    def closing(self) -> list[int]:
        return [1, 2]


class CloseByAnotherKey(TenderPlay):
    def node_close(self, i: int) -> facts.Close:
        if i != 3:
            return super().node_close(i)
        said = Close(LOT, 1, self.roll.root, self.roll.count, (), at(self.now)).content()
        return self.log.statement(facts.Close, said, keys.generate(), lot=LOT, node=self.node(i))


class CloseOnAnotherRoll(TenderPlay):
    def node_close(self, i: int) -> facts.Close:
        if i != 3:
            return super().node_close(i)
        said = Close(LOT, 1, "ab" * 32, self.roll.count, (), at(self.now)).content()
        key = self.log.nodes[self.node(i)].private
        return self.log.statement(facts.Close, said, key, lot=LOT, node=self.node(i))


class MovedEarlier(TenderPlay):
    def collect(self) -> None:
        self.log.append(self.timetable(CLOSES - 20))
        self.log.cosign(self.now)
        super().collect()


class MovedByAnother(TenderPlay):
    def collect(self) -> None:
        self.log.append(self.timetable(CLOSES + 20, keys.generate()))
        self.log.cosign(self.now)
        super().collect()


class LessTimeThanTheLaw(TenderPlay):
    def timetable(self, closes: int, key: Any = None) -> facts.Timetable:
        return super().timetable(closes, key)

    def notice_fact(self, notice: Any) -> facts.NoticePublished:
        return dataclasses.replace(super().notice_fact(notice), at=at(CLOSES - 19))


class KeysetWithoutTheAuthority(TenderPlay):
    def keyset_fact(self) -> facts.Keyset:
        fact = super().keyset_fact()
        return dataclasses.replace(fact, sig_supervisor=fact.sig_owner)


class KeysetOfAStranger(TenderPlay):
    def trustee(self, stage: str, i: int) -> Any:
        if i != 4:
            return super().trustee(stage, i)
        honest = self.log.nodes[self.node(i)]
        self.log.nodes[self.node(i)] = dataclasses.replace(honest, private=keys.generate())
        try:
            return super().trustee(stage, i)
        finally:
            self.log.nodes[self.node(i)] = honest


class AdmittedOneLess(TenderPlay):
    def admit(self, stage: str, signatures: Any) -> None:
        bids = tuple(one.bid_id for one in self.live)[1:]
        fact = facts.StageAdmitted(
            lot=LOT, stage=stage, seq=1, root=self.roll.root, bids=bids, set_aside=(), signatures=signatures
        )
        self.log.append(fact)


class NobodyStarted(TenderPlay):
    def start(self) -> None:
        return


class ReleasedBeforePromised(TenderPlay):
    def release(self, stage: str) -> None:
        made = {i: self.release_file(stage, i) for i in (1, 2, 4)}
        self.promise(stage, {i: made[i] for i in (1, 2)})
        self.give(stage, {1: made[1]})
        self.promise(stage, {4: made[4]})
        self.give(stage, {i: made[i] for i in (2, 4)})


class OtherFileThanPromised(TenderPlay):
    def promise(self, stage: str, made: dict[int, bytes]) -> None:
        super().promise(stage, {**made, 2: made[2] + b" "})


class ReleaseLeavesABidOut(TenderPlay):
    def lines(self, stage: str, i: int) -> dict[str, bytes]:
        found = super().lines(stage, i)
        return found if i != 4 or stage != "sheet" else dict(list(found.items())[1:])


class ShareAltered(TenderPlay):
    def lines(self, stage: str, i: int) -> dict[str, bytes]:
        found = super().lines(stage, i)
        if i != 4 or stage != "sheet":
            return found
        return {bid_id: line[:-3] + b"00\n" for bid_id, line in found.items()}


class ReadOutBeforeReleased(TenderPlay):
    def release(self, stage: str) -> None:
        if stage == "sheet":
            self.early = self.log.append(super().opened_fact(self.live[0]))
        super().release(stage)

    def opened_fact(self, one: Taken) -> facts.Fact:
        if one is self.live[0]:
            return facts.Finding(
                lot=LOT, bid_id=one.bid_id, stage="sheet", i=1, by="x", file=keys.b64(b"x"), sig=keys.b64(b"x")
            )
        return super().opened_fact(one)


class StrangeLine(TenderPlay):
    def open(self) -> None:
        super().open()
        fact = dataclasses.replace(self.opened_fact(self.live[0]), bid_id="ab" * 16)
        self.log.append(fact)


class RecordSaysOtherwise(TenderPlay):
    def record(self) -> dict[str, Any]:
        found = super().record()
        found["bids"][0]["sheet_sha256"] = "ab" * 32
        return found


class DocsWithoutOneMember(TenderPlay):
    def signings(self) -> Any:
        return super().signings()[1:]


class SheetByAnother(TenderPlay):
    def score(self) -> None:
        stranger = self.ca.holder("他人")
        honest = self.experts["E2"]
        self.experts["E2"] = stranger
        super().score()
        self.experts["E2"] = honest


class RejectedUnheard(TenderPlay):
    """A member calls a price too low of which nobody asked the bidder."""

    head = "low_price"

    def sheet(self, alias: str) -> bytes:
        raw = super().sheet(alias)
        if alias != "E1":
            return raw
        value = canonical.decode(raw)
        value["bids"][min(value["bids"])] |= {"conforms": False, "ground": "too low", "head": self.head}
        return canonical.encode(value)


class RejectedOnNoHead(RejectedUnheard):
    head = "no_deposit"


class CommitteeOfFour(TenderPlay):
    @cached_property
    def experts(self) -> Any:
        return {alias: self.ca.holder(f"专家{alias}") for alias in ("E1", "E2", "E3", "E4")}


class SheetAfterTheResult(TenderPlay):
    def score(self) -> None:
        kept = len(self.log.entries)
        super().score()
        self.salted = {index: self.log.salts.pop(index) for index in range(kept, len(self.log.entries))}
        del self.log.entries[kept:]

    def evaluate(self) -> None:
        super().evaluate()
        for _, fact in self.salted.values():
            self.log.append(fact)


class AnotherResult(TenderPlay):
    def result(self) -> bytes:
        told = canonical.decode(super().result())
        told["ranking"][0]["total"] = "99.99"
        return canonical.encode(told)


class RankedOtherwise(TenderPlay):
    def result(self) -> bytes:
        told = canonical.decode(super().result())
        first, second = told["ranking"][:2]
        first["bid_id"], second["bid_id"] = second["bid_id"], first["bid_id"]
        first["price"], second["price"] = second["price"], first["price"]
        return canonical.encode(told)


class ShortPublicity(TenderPlay):
    def publicity_s(self) -> int:
        return 2


class AwardBeforePublicityEnds(TenderPlay):
    def publicity_s(self) -> int:
        return PUBLICITY + 60


class AwardOutOfOrder(TenderPlay):
    def winner(self, candidates: list[dict[str, str]]) -> dict[str, str]:
        return candidates[1]


class CandidatesReordered(TenderPlay):
    def candidates(self) -> list[dict[str, str]]:
        return super().candidates()[::-1]


class CandidateLeftOut(TenderPlay):
    def candidates(self) -> list[dict[str, str]]:
        return super().candidates()[:-1]


class AwardAtAnotherPrice(TenderPlay):
    def winner(self, candidates: list[dict[str, str]]) -> dict[str, str]:
        return {**candidates[0], "price": "29000000.00"}


class AwardUnsigned(TenderPlay):
    def finish(self) -> Files:
        self.told["lots"][0]["award"]["sig"] = keys.b64(bytes(64))
        return super().finish()


class ClosedByHand(TenderPlay):
    def move(self, event: str, role: str = "CLOCK") -> None:
        super().move(event, role)
        if event == "close":
            fact = facts.from_json(canonical.decode(self.log.entries[-1])["fact"])
            self.log.entries[-1] = open_entry(dataclasses.replace(fact, role="OPS").to_json())


class StateSkipped(TenderPlay):
    def move(self, event: str, role: str = "CLOCK") -> None:
        super().move(event, role)
        if event == "start_opening":
            self.log.entries.pop()


class AnotherGenesis(TenderPlay):
    def publish(self) -> None:
        self.log.append(facts.Genesis(origin=self.log.key.name, policy_sha256="ab" * 32))
        super().publish()


class TwoNotices(TenderPlay):
    def collect(self) -> None:
        fact = facts.from_json(canonical.decode(self.log.entries[1])["fact"])
        self.log.append(fact)
        super().collect()


class TwoHistories(TenderPlay):
    def finish(self) -> Files:
        files = super().finish()
        kept = self.log.entries[3]
        self.log.entries[3] = open_entry({"kind": "genesis", "origin": "x", "policy_sha256": "ab" * 32})
        files["log/cosigned/9999"] = self.log.cosigned(self.now).encode()
        self.log.entries[3] = kept
        return files


class VoidThoughTermsStand(TenderPlay):
    last = "open"

    def close(self) -> None:
        self.taken["乙"].status, self.taken["乙"].by = Status.VOID, canonical.sha(self.keyset_raw)
        super().close()


class AwardedByTheClock(TenderPlay):
    """Construction law never chooses for a silent owner."""

    def move(self, event: str, role: str = "CLOCK") -> None:
        super().move(event, "CLOCK" if event == "award" else role)

    def finish(self) -> Files:
        self.told["lots"][0]["award"] = None
        return super().finish()


class AwardSeenEarly(TenderPlay):
    """Dated after the publicity, but the nodes had seen it before."""

    def finish(self) -> Files:
        self.log.cosign(self.now - 20)
        self.log.put(cover_entry())
        return super().finish()


class NoticeDatedBack(TenderPlay):
    def publish(self) -> None:
        self.closes = 15
        super().publish()

    def notice_fact(self, notice: Any) -> facts.NoticePublished:
        return dataclasses.replace(super().notice_fact(notice), at=at(-2000))


class DocsOfOneLess(TenderPlay):
    def docs_opened(self) -> list[Taken]:
        return super().docs_opened()[1:]

    def result(self) -> bytes:
        """Of a bid whose documents nobody opened nothing can be computed; the lie is told before anybody looks."""
        none: dict[str, Any] = {name: [] for name in ("sheets", "verdicts", "ranking")}
        return canonical.encode({"lot": LOT, "method_sha256": self.method.sha256, "outcome": "award", **none})

    def award(self) -> None:
        return


class CalledTooFew(TenderPlay):
    last = "open"

    def open(self) -> None:
        self.move("too_few")
        self.write_opening()


IN_THE_LOG: list[tuple[str, type[TenderPlay], str]] = [
    ("bid", AnotherPrice, r"read out at 20999999.00, but sealed at 19000000.00"),
    ("bid", AnotherBidder, r"another bidder"),
    ("bid", JudgedThoughItOpens, r"judged revoked, but opens"),
    ("bid", ReadOutTwice, r"read out 2 times"),
    ("complete", LeftOffTheRoll, r"left off the roll"),
    ("withdrawals", FalselyWithdrawn, r"no statement of withdrawal"),
    ("withdrawals", WithdrawnByAnothersStatement, r"statement about another bid"),
    ("complete", WithdrawnYetLive, r"was withdrawn .* and yet is live"),
    ("statuses", ReplacedYetLive, r"was replaced and yet is called live"),
    ("statuses", ReplacedByAStranger, r"replaced by a bid of another key"),
    ("statuses", TwoLiveBids, r"two live bids"),
    ("receipts", SlippedInAfterTheCut, r"slipped in later"),
    ("receipts", ReceivedLate, r"after the deadline"),
    ("receipts", ReceiptByAnotherKey, r"platform did not sign"),
    ("cut", CutTooLate, r"no quorum cosigned a tree of"),
    ("cut", CutTooEarly, r"no quorum cosigned a tree of"),
    ("closes", TwoCloses, r"opened with 2 closes of 3"),
    ("closes", CloseByAnotherKey, r"the close of audit is not signed by it"),
    ("closes", CloseOnAnotherRoll, r"the close of audit is on a roll that was never announced"),
    ("timetable", MovedEarlier, r"moves the deadline earlier"),
    ("timetable", MovedByAnother, r"does not count"),
    ("law", LessTimeThanTheLaw, r"earlier than the law allows"),
    ("keyset", KeysetWithoutTheAuthority, r"signature of the supervisor"),
    ("keyset", KeysetOfAStranger, r"signing key of 公证处 is not the one pinned"),
    ("admitted", AdmittedOneLess, r"other bids were admitted"),
    ("started", NobodyStarted, r"nobody had started"),
    ("hashes", ReleasedBeforePromised, r"before 3 promises"),
    ("hashes", OtherFileThanPromised, r"manager released .* another file"),
    ("releases", ReleaseLeavesABidOut, r"公证处: the release leaves out 1"),
    ("bid", ShareAltered, r"trustee 4 gave a line that is not the committed one"),
    ("readout", ReadOutBeforeReleased, r"before 3 trustees had released"),
    ("readout", StrangeLine, r"never admitted"),
    ("record", RecordSaysOtherwise, r"another sheet than the one sealed"),
    ("scores", RejectedUnheard, r"a low price rejected without asking its bidder"),
    ("scores", RejectedOnNoHead, r"rejected on no head of the law"),
    ("committee", CommitteeOfFour, r"at least 5 members, an odd number, not 4"),
    ("docs", DocsWithoutOneMember, r"without the signature of every member"),
    ("scores", SheetByAnother, r"sheet of E2 is not signed by the key of that seat"),
    ("scores", SheetAfterTheResult, r"sheet of E1, .* is not the one sealed"),
    ("result", AnotherResult, r"not what the sheets give"),
    ("result", RankedOtherwise, r"not what the sheets give"),
    ("publicity", ShortPublicity, r"sooner than C49"),
    ("publicity", AwardBeforePublicityEnds, r"although publicity ran until"),
    ("award", AwardOutOfOrder, r"rank order"),
    ("award", CandidatesReordered, r"not in the order of the result"),
    ("award", CandidateLeftOut, r"not in the order of the result"),
    ("award", AwardAtAnotherPrice, r"another bidder or price"),
    ("award", AwardUnsigned, r"not signed by the owner's key"),
    ("states", ClosedByHand, r"OPS may not fire close"),
    ("states", StateSkipped, r"but the lot was"),
    ("genesis", AnotherGenesis, r"not the policy that the log pinned"),
    ("notice", TwoNotices, r"2 notices"),
    ("statuses", VoidThoughTermsStand, r"its terms still stand"),
    ("award", AwardedByTheClock, r"nobody signed the award"),
    ("publicity", AwardSeenEarly, r"the nodes saw the award by"),
    ("law", NoticeDatedBack, r"no quorum saw it before"),
    ("docs", DocsOfOneLess, r"other bids were opened for the committee than admitted"),
    ("cosigned", TwoHistories, r"two histories"),
    ("failed", CalledTooFew, r"3 bids were live"),
]


# an archive that was tampered with --------------------------------------------------------------------------------


def edit(name: str, change: Callable[[Any], Any]) -> Callable[[Files], None]:
    """Change a JSON file of the lot (or of the archive, by full name)."""

    def lie(files: Files) -> None:
        where = name if name in files else path(name)
        told = canonical.decode(files[where])
        changed = change(told)
        files[where] = canonical.encode(told if changed is None else changed)

    return lie


def flip(prefix: str, place: int = 40) -> Callable[[Files], None]:
    """Flip a bit in the first file whose name begins so."""

    def lie(files: Files) -> None:
        name = min(one for one in files if one.startswith(prefix))
        raw = bytearray(files[name])
        raw[place] ^= 1
        files[name] = bytes(raw)

    return lie


def drop(prefix: str) -> Callable[[Files], None]:
    def lie(files: Files) -> None:
        for name in [one for one in files if one.startswith(prefix)]:
            del files[name]

    return lie


def first_lot(change: Callable[[dict[str, Any]], None]) -> Callable[[Files], None]:
    return edit("tender.json", lambda told: change(told["lots"][0]))


def _set(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda told: told.__setitem__(name, value)


def _raise_price(files: Files) -> None:
    name = min(one for one in files if one.startswith(path("sheets/")))
    files[name] = files[name].replace(b"00000.00", b"00001.00")


def _entry_of(files: Files) -> None:
    name = next(one for one in files if one.startswith("log/tile/entries/"))
    files[name] = files[name].replace("乙公司".encode(), "丙公司".encode())


def _unsigned(files: Files) -> None:
    files[path("releases/sheet-1.sig")] = files[path("releases/sheet-2.sig")]


def _exchanged(files: Files) -> None:
    """One checkpoint under the signatures of another."""
    first, second = sorted(name for name in files if name.startswith("log/cosigned/"))[:2]
    text, lines = files[first].partition(b"\n\n")[0], files[second].partition(b"\n\n")[2]
    files[first] = text + b"\n\n" + lines


def _quorum(files: Files) -> None:
    lines = files["log/checkpoint"].decode().split("\n")
    files["log/checkpoint"] = "\n".join([*lines[:-3], ""]).encode()


def _forged(files: Files) -> None:
    lines = files["log/checkpoint"].decode().split("\n")
    lines[1] = str(int(lines[1]) - 1)
    files["log/checkpoint"] = "\n".join(lines).encode()


IN_THE_ARCHIVE: list[tuple[str, str, Callable[[Files], None], str]] = [
    ("forged checkpoint", "checkpoint", _forged, r"not valid|not over this text"),
    ("quorum missing", "quorum", _quorum, r"only supervisor, manager"),
    ("entry changed", "tree", _entry_of, r"some entry was changed"),
    ("tile changed", "tiles", flip("log/tile/0/"), r"hash tiles"),
    ("bundle missing", "log", drop("log/tile/entries/"), r"missing"),
    ("earlier checkpoint forged", "cosigned", _exchanged, r"log/cosigned"),
    ("notice changed", "notice", edit("tender.json", lambda t: t["notice"].__setitem__("sig", keys.b64(bytes(64)))), r"signature over the notice"),
    ("pack changed", "pack", edit("law/practice.construction.open.json", lambda t: t["rules"].pop() and None), r"not the one whose hash was published"),
    ("document exchanged", "documents", edit("tender.json", lambda t: t["documents"][0].__setitem__("sha256", "ab" * 32)), r"not the one logged"),
    ("answer changed", "questions", edit("tender.json", lambda t: t["questions"].append({"question": "a", "answer": "b"})), r"not those logged"),
    ("state shown", "states", first_lot(_set("state", "opened")), r"the portal says opened"),
    ("keyset shown", "keyset", first_lot(lambda t: t.__setitem__("keyset", keys.b64(b"{}"))), r"another keyset"),
    ("deadline shown", "timetable", first_lot(_set("closes_at", at(CLOSES - 10))), r"the portal says bids close"),
    ("method shown", "method", first_lot(_set("method", keys.b64(b"{}"))), r"not the one of the notice"),
    ("winner shown", "award", first_lot(_set("awarded_bid", "ab" * 16)), r"another winner"),
    ("bid off the roll", "roll", edit("roll.json", lambda t: t["entries"].pop() and None), r"do not make the announced root"),
    ("status on the roll", "roll", edit("roll.json", lambda t: t["entries"][0].__setitem__("status", "void")), r"do not make the announced root|void on the roll|hides its certificate"),
    ("roll missing", "roll", drop(path("roll.json")), r"is missing although"),
    ("seal mismatch", "disclosures", edit("disclosures.json", lambda t: t[0]["fact"].__setitem__("receipt_id", "ab" * 16)), r"sealed something else"),
    ("seal undisclosed", "complete", edit("disclosures.json", lambda t: t[1:]), r"only 4 are disclosed"),
    ("withdrawal missing", "withdrawals", edit("withdrawals.json", lambda _: {}), r"no statement of withdrawal"),
    ("ack forged", "acks", edit("acks.json", lambda t: t[0].__setitem__("node", "audit")), r"not signed by it"),
    ("share altered", "releases", flip(path("releases/sheet-1.json"), 300), r"监督局: the release file is not the one"),
    ("release unsigned", "releases", _unsigned, r"not signed by it"),
    ("too few releases", "releases", drop(path("releases/sheet-4")), r"fewer than 3"),
    ("ciphertext damaged", "bid", flip(path("ciphertexts/"), 200), r"file that the platform kept"),
    ("ciphertext missing", "bid", drop(path("ciphertexts/")), r"ciphertext is missing"),
    ("sheet shown", "bid", _raise_price, r"another sheet than the one sealed"),
    ("record changed", "record", edit("record.json", lambda t: t.__setitem__("lot", "x")), r"not the one whose hash was logged"),
    ("committee shown", "committee", edit("committee.json", lambda t: t["members"].pop() and None), r"not the one logged"),
    ("docs shown", "docs", edit("docs.json", lambda t: t["bids"][0].__setitem__("result", "judged")), r"outcome of the documents"),
    ("score altered", "scores", flip(path("scores/E1.json"), -60), r"E1|malformed"),
    ("score missing", "scores", drop(path("scores/E3.json")), r"sheet of E3 is missing"),
    ("result altered", "result", edit("result.json", lambda t: t["trace"].pop() and None), r"whose hash was logged"),
]  # fmt: skip
