"""A bid replaced by another key than its own, rechecked by a stranger without the certificate that is never public."""

from __future__ import annotations

from typing import Any

import pytest

from kernel import canonical, keys, merkle
from kernel.statements import Signed
from sealing import certificates
from sealing.roll import RollEntry, Status
from sealing.succession import KeyOrder, Naming, Warrant
from tests.unit.verifier.honest_tender import LOT, PRICES, Taken, TenderPlay, at
from tests.unit.verifier.public_log import START, YEAR
from tests.unit.verifier.rechecked import lies, recheck


class Succession(TenderPlay):
    """丙 lost its key: its second one replaces the bid; `wrong` is what is false about the evidence."""

    wrong = ""

    def collect(self) -> None:
        for name, price in PRICES.items():
            self.take(name, self.seal(name, price))
        old = self.taken["丙"]
        self.heir = self.second_key(old)
        new = self.take("丙2", self.seal("丙2", "20500000.00", self.heir, old.digest))
        old.status, old.by = Status.REPLACED, new.digest
        self.withdraw("丁")

    def second_key(self, old: Taken) -> tuple[keys.PrivateKey, bytes]:
        key, subject = keys.generate(), certificates.subject_of_der(old.holder[1])
        made = {"serial": 77, "not_before": START - YEAR, "not_after": START + YEAR}
        return key, certificates.issue(self.ca.der, self.ca.key, key.public_key(), subject, **made)

    def statement(self, old: Taken) -> Signed:
        named = canonical.sha(old.holder[1] if self.wrong == "certificate" else self.heir[1])
        signer = self.heir[0] if self.wrong == "key" else old.holder[0]
        said = Naming(lot=None, old_key=keys.spell(signer.public_key()), new_cert_sha256=named, time=at(0))
        return Signed.make(said.content(), signer)

    def entry(self, one: Taken) -> RollEntry:
        found = super().entry(one)
        if one is not self.taken["丙"] or self.wrong == "missing":
            return found
        return RollEntry(**{**vars(found), "warrant": Warrant(self.statement(one), (self.heir[1],))})


class Ordered(Succession):
    """By order of the supervising authority, or in its name."""

    def statement(self, old: Taken) -> Signed:
        node = "audit" if self.wrong == "authority" else "supervisor"
        digest = "0" * 64 if self.wrong == "bid" else old.digest
        said = KeyOrder(
            lot=LOT, manifest_sha256=digest, new_cert_sha256=canonical.sha(self.heir[1]), cause="丢失", time=at(0)
        )  # fmt: skip
        return Signed.make(said.content(), self.log.nodes[node].private)


def played(kind: type[Succession], wrong: str, folder: Any) -> Any:
    folder.mkdir()
    play = kind(folder)
    play.wrong = wrong
    return play.play()


@pytest.mark.parametrize("kind", [Succession, Ordered])
def test_a_successor_with_its_warrant_holds(kind, tmp_path):
    report = recheck(played(kind, "", tmp_path / "bids"), tmp_path / "archive")
    assert lies(report) == []
    assert report.honest


@pytest.mark.parametrize(
    ("kind", "wrong", "words"),
    [
        (Succession, "missing", "a bid of another key"),
        (Succession, "key", "named by a key that did not sign it"),
        (Succession, "certificate", "names another certificate"),
        (Ordered, "authority", "not signed by whoever may give it"),
        (Ordered, "bid", "about another bid or key"),
    ],
)
def test_false_evidence_of_a_succession_is_found(kind, wrong, words, tmp_path):
    found = lies(recheck(played(kind, wrong, tmp_path / "bids"), tmp_path / "archive"))
    assert found[0].topic == "statuses", found[0].words.en
    assert any(words in claim.words.en for claim in found)


def test_a_warrant_does_not_change_what_the_leaf_of_other_entries_is(tmp_path):
    (tmp_path / "bids").mkdir()
    play = Succession(tmp_path / "bids")
    files = play.play()
    told = canonical.decode(files[f"lots/{LOT}/roll.json"])
    shown = {row["by"]: row for row in told["entries"] if "leaf_sha256" in row}
    replaced = shown[play.taken["丙2"].digest]
    entry = next(entry for entry in play.roll.entries if entry.warrant is not None)
    assert replaced["leaf_sha256"] == merkle.leaf_hash(entry.leaf()).hex()
