"""Changed terms, rechecked by a stranger: a later version with the owner's notice voids what was sealed before, nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import age
from sealing.keyset import FactKeys, Keyset, TrusteeEntry, trustee_statement
from sealing.roll import Status
from supervision import facts
from tendering import statements
from tests.unit.verifier.honest_tender import GRACE, LOT, NODES, PRICES, TenderPlay
from tests.unit.verifier.rechecked import lies, recheck


class ChangedTerms(TenderPlay):
    """戊 sealed to the first version, which a second one made void; `wrong` is what is false about it."""

    wrong = ""
    version = 1

    def collect(self) -> None:
        first = self.take("戊", self.seal("戊", "20900000.00"))
        self.change()
        for name, price in PRICES.items():
            self.take(name, self.seal(name, price))
        self.withdraw("丁")
        first.status, first.by = Status.VOID, canonical.sha(self.keyset_raw)
        if self.wrong == "nobody":
            first.by = "0" * 64

    def change(self) -> None:
        self.pass_()
        self.version = 2
        self.keyset_raw = self.keyset()
        self.log.append(self.keyset_fact())
        said = statements.alteration(LOT, 2, canonical.sha(self.keyset_raw), "改了工程量").raw
        key = keys.generate() if self.wrong == "signer" else self.owner[0]
        signed = Signed(said, keys.sign(said, key))
        if self.wrong != "silent":
            self.log.append(facts.TermsAltered(lot=LOT, file=keys.b64(signed.raw), sig=keys.b64(signed.sig)))
        self.log.append(self.timetable(self.closes))
        self.log.cosign(self.now)
        shown = {"keyset": keys.b64(self.keyset_raw), "keyset_sha256": canonical.sha(self.keyset_raw)}
        self.told["lots"][0].update(shown)

    def keyset(self) -> bytes:
        spelled = keys.spell(self.owner[0].public_key())
        supervisor = keys.spell(self.log.nodes["supervisor"].private.public_key())
        times = {"cut_grace": GRACE, "roll_window": 2, "open_wait": 8, "release_by": 90, "rescue_until": 180}
        stages = tuple(self.stage(name) for name in ("sheet", "docs"))
        named = FactKeys(spelled, spelled, supervisor)
        return Keyset.build(lot=LOT, version=self.version, fact_keys=named, stages=stages, **times)

    def trustee(self, stage: str, i: int) -> TrusteeEntry:
        self.secrets[stage, i], recipient = age.generate()
        key = self.log.nodes[self.node(i)].private
        said = {"i": i, "org": NODES[self.node(i)], "recipient": recipient, "sign_key": keys.spell(key.public_key())}
        raw = trustee_statement(lot=LOT, stage=stage, version=self.version, **said)
        return TrusteeEntry(**said, sig=keys.b64(keys.sign(raw, key)))

    def keyset_fact(self) -> facts.Keyset:
        made = super().keyset_fact()
        return facts.Keyset(**{**vars(made), "version": self.version})


def played(wrong: str, tmp_path: Any) -> Any:
    (tmp_path / "bids").mkdir()
    play = ChangedTerms(tmp_path / "bids")
    play.wrong = wrong
    return recheck(play.play(), tmp_path / "archive")


def test_a_bid_void_by_changed_terms_and_their_notice_holds(tmp_path):
    report = played("", tmp_path)
    assert lies(report) == []
    assert report.honest


@pytest.mark.parametrize(
    ("wrong", "topic", "words"),
    [
        ("silent", "keyset", "without the owner's signed notice"),
        ("signer", "keyset", "without the owner's signed notice"),
        ("nobody", "statuses", "is called void, though its terms still stand"),
    ],
)
def test_false_changes_of_terms_are_found(wrong, topic, words, tmp_path):
    found = lies(played(wrong, tmp_path))
    assert any(claim.topic == topic and words in claim.words.en for claim in found), found
