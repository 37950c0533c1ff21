"""The recheck of what follows the award: an honest contract and next candidate hold, and what departs from the bid is found."""

from __future__ import annotations

from typing import Any

import pytest

from kernel import canonical, keys, money
from kernel.statements import Signed
from supervision import contract_facts, facts
from tendering.contracts import statements
from tendering.contracts.rules import Bond, Terms
from tests.unit.verifier.honest_tender import LOT, TenderPlay
from tests.unit.verifier.public_log import at
from tests.unit.verifier.rechecked import lies, recheck
from verifier import address

DOCUMENT = statements.Document("合同.pdf", "d" * 64)


class Contracted(TenderPlay):
    """The winner is told, both sides sign, the work is accepted, the archive is sealed."""

    price = ""
    days = 180
    addition = "0.00"
    signer = ""
    years = 16

    def award(self) -> None:
        super().award()
        self.agree()

    def agree(self) -> None:
        self.pass_()
        self.notify(1)
        self.pass_()
        self.move("contract", "OWNER")
        raw, fact = self.contract()
        self.log.append(fact)
        self.log.append(
            contract_facts.ContractChanged(
                lot=LOT, number=1, addition=self.addition, reason="追加", document_sha256="e" * 64, at=at(self.now)
            )
        )
        self.pass_()
        self.move("fulfill", "OWNER")
        done = Signed.make(
            {"type": statements.ACCEPTANCE, "lot": LOT, "contract_sha256": canonical.sha(raw), "document": {}},
            self.owner[0],
        )
        self.log.append(
            contract_facts.ContractFulfilled(lot=LOT, file=keys.b64(done.raw), sig=keys.b64(done.sig), at=at(self.now))
        )
        self.log.append(
            contract_facts.ArchiveSealed(
                lot=LOT, archive_sha256="a" * 64, size=1, retain_until=f"{2026 + self.years}-01-01T00:00:00Z",
                law="C62", at=at(self.now),
            )
        )  # fmt: skip

    def notify(self, number: int) -> None:
        fact = contract_facts.AwardNotified(
            lot=LOT, round=number, notice_sha256="a" * 64, results_sha256="b" * 64, at=at(self.now)
        )
        self.log.append(fact)

    def contract(self) -> tuple[bytes, contract_facts.ContractSigned]:
        told: dict[str, Any] = self.told["lots"][0]
        winner = next(row for row in told["candidates"] if row["bid_id"] == told["awarded_bid"])
        terms = Terms(money.parse(self.price or winner["price"]), self.days)
        raw = statements.contract(LOT, winner, terms, Bond(money.Fen(0), "none"), DOCUMENT).raw
        holder = next(one.holder for one in self.live if one.bid_id == winner["bid_id"])
        key = self.taken[self.signer].holder[0] if self.signer else holder[0]
        return raw, contract_facts.ContractSigned(
            lot=LOT, bid_id=winner["bid_id"], price=money.wire(terms.price), period_days=terms.period_days,
            contract_sha256=DOCUMENT.sha256, file=keys.b64(raw), sig_owner=keys.b64(keys.sign(raw, self.owner[0])),
            sig_winner=keys.b64(keys.sign(raw, key)), winner_cert=keys.b64(holder[1]), at=at(self.now),
        )  # fmt: skip


class NextCandidate(Contracted):
    """The first in rank gives up after the award; the second gets the contract."""

    dropped = True

    def agree(self) -> None:
        told = self.told["lots"][0]
        first, second = told["candidates"][:2]
        self.notify(1)
        self.pass_()
        told["given_up"] = {first["bid_id"]: "gave_up: 放弃"}
        self.move("next_candidate", "OWNER")
        if self.dropped:
            self.log.append(
                contract_facts.CandidateDropped(
                    lot=LOT, round=1, bid_id=first["bid_id"], reason="gave_up: 放弃", at=at(self.now)
                )
            )
        self.pass_()
        signed = Signed.make({"type": "kaibiao-award/1", "lot": LOT, **second}, self.owner[0])
        self.move("award", "OWNER")
        self.log.append(facts.Award(lot=LOT, **second))
        told["awarded_bid"], told["award"] = second["bid_id"], signed.to_json()
        super().agree()


class Undone(NextCandidate):
    """The award is undone, and nobody chosen yet."""

    def agree(self) -> None:
        told = self.told["lots"][0]
        first = told["candidates"][0]
        told["given_up"], told["awarded_bid"], told["award"] = {first["bid_id"]: "gave_up: 放弃"}, None, None
        self.move("next_candidate", "OWNER")
        self.log.append(
            contract_facts.CandidateDropped(
                lot=LOT, round=1, bid_id=first["bid_id"], reason="放弃中标", at=at(self.now)
            )
        )


class Dearer(Contracted):
    price = "29000000.00"


class Longer(Contracted):
    days = 360


class SignedByAnother(Contracted):
    signer = "丙"


class TwoAwards(NextCandidate):
    dropped = False


class ThrownAway(Contracted):
    years = 3


@pytest.mark.parametrize("play", [Contracted, NextCandidate, Undone])
def test_c55_t24_an_honest_course_after_the_award_holds(play, tmp_path):
    report = recheck(play(tmp_path).play(), tmp_path / "archive")
    assert [(one.topic, one.words.en) for one in lies(report)] == []
    assert any(claim.topic == "award" for claim in report.claims)


@pytest.mark.parametrize(
    ("topic", "play", "words"),
    [
        ("contract", Dearer, "more"),
        ("contract", Longer, "360 days"),
        ("contract", SignedByAnother, "winner's key"),
        ("award", TwoAwards, "2 awards"),
        ("archive", ThrownAway, "kept for less"),
    ],
)
def test_c55_c62_t24_what_departs_from_the_bid_or_the_law_is_found(topic, play, words, tmp_path):
    found = lies(recheck(play(tmp_path).play(), tmp_path / "archive"))
    assert any(claim.topic == topic and words in claim.words.en for claim in found), [one.words.en for one in found]


def test_t27_a_lots_code_or_archive_address_names_its_sealed_archive() -> None:
    lot = "E9901010000000117001001"
    where = f"http://portal/lots/{lot}/archive"
    assert address.sealed_archive(lot, "http://portal/") == where
    assert address.sealed_archive(where) == where
    assert address.sealed_archive(lot) is None
    assert address.sealed_archive(lot[:20], "http://portal") is None
    assert address.sealed_archive(f"http://portal/tenders/{lot[:20]}") is None
