"""A stranger finds every lie: what was told, by whom, on its own line."""

from __future__ import annotations

import re

import pytest

from kernel import canonical
from tests.unit.verifier.honest_tender import TenderPlay
from tests.unit.verifier.lies import IN_THE_ARCHIVE, IN_THE_LOG, LeftOffTheRoll
from tests.unit.verifier.public_log import PublicLog
from tests.unit.verifier.rechecked import lies, recheck
from verifier.case import Given
from verifier.claims import Mark


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return TenderPlay(tmp_path_factory.mktemp("bids")).play()


def test_an_honest_tender_holds_in_every_claim(honest, tmp_path):
    report = recheck(honest, tmp_path)
    assert report.honest
    assert {claim.mark for claim in report.claims} == {Mark.HOLDS}
    assert len(report.claims) > 40


@pytest.mark.slow
@pytest.mark.parametrize(("topic", "play", "words"), IN_THE_LOG, ids=lambda value: getattr(value, "__name__", None))
def test_a_lie_in_the_log_is_found(topic, play, words, tmp_path):
    report = recheck(play(tmp_path).play(), tmp_path / "archive")
    found = lies(report)
    assert found, "nothing was found"
    assert found[0].topic == topic, found[0].words.en
    assert any(re.search(words, claim.words.en) for claim in found if claim.topic == topic), found
    assert not report.honest


@pytest.mark.parametrize(
    ("topic", "tamper", "words"), [row[1:] for row in IN_THE_ARCHIVE], ids=[row[0] for row in IN_THE_ARCHIVE]
)
def test_a_lie_in_the_archive_is_found(topic, tamper, words, honest, tmp_path):
    files = dict(honest)
    tamper(files)
    assert files != honest
    found = lies(recheck(files, tmp_path))
    assert found, "nothing was found"
    assert found[0].topic == topic, found[0].words.en
    assert re.search(words, found[0].words.en)
    assert found[0].words.zh != found[0].words.en


def test_a_policy_of_ones_own_that_the_archive_exchanged_is_found(honest, tmp_path):
    own = PublicLog().files["policy.txt"]
    found = lies(recheck(honest, tmp_path, Given(policy=own)))
    assert found[0].topic == "policy"
    assert "policy" not in {
        claim.topic for claim in lies(recheck(honest, tmp_path, Given(policy=honest["policy.txt"])))
    }


def test_a_fork_since_the_kept_checkpoint_is_found(tmp_path):
    play = TenderPlay(tmp_path)
    play.publish()
    forked = PublicLog(key=play.log.key, nodes=play.log.nodes, platform=play.log.platform)
    forked.put(b"another history")
    kept = forked.cosigned(1).encode()
    files = play.finish()
    found = lies(recheck(files, tmp_path / "archive", Given(checkpoint=kept)))
    assert [claim.topic for claim in found] == ["kept"]


def test_a_log_that_shrank_since_the_kept_checkpoint_is_found(tmp_path):
    play = TenderPlay(tmp_path)
    files = play.play("publish")
    play.log.put(b"more")
    kept = play.log.cosigned(5).encode()
    assert [claim.topic for claim in lies(recheck(files, tmp_path / "a", Given(checkpoint=kept)))] == ["kept"]


def test_the_kept_checkpoint_of_the_same_log_holds(tmp_path):
    play = TenderPlay(tmp_path)
    play.publish()
    kept = play.log.cosigned(1).encode()
    play.collect()
    report = recheck(play.finish(), tmp_path / "archive", Given(checkpoint=kept))
    assert [claim.mark for claim in report.claims if claim.topic == "kept"] == [Mark.HOLDS]


@pytest.mark.parametrize("step", ["publish", "collect", "close", "open", "evaluate"])
def test_steps_that_have_not_come_are_not_lies(step, tmp_path):
    report = recheck(TenderPlay(tmp_path).play(step), tmp_path / "archive")
    assert not lies(report), lies(report)
    assert report.count(Mark.NOT_DUE) > 0


def receipt_of(play, name):
    return canonical.encode({"receipt": play.taken[name].receipt.to_json(), "acks": [], "state": "witnessed"})


def test_a_bidder_sees_by_its_own_receipt_that_its_bid_was_left_off(tmp_path):
    class LeftOffAndSilent(LeftOffTheRoll):
        """The platform does not even disclose what it took, nor that nodes acknowledged it."""

        def write_opening(self):
            gone = self.taken.pop("乙")
            self.log.salts.pop(gone.index)
            super().write_opening()
            self.taken["乙"] = gone

        def on_roll(self):
            return [one for name, one in self.taken.items() if name != "乙"]

    play = LeftOffAndSilent(tmp_path)
    files = play.play()
    assert not lies(recheck(files, tmp_path / "a"))
    found = lies(recheck(files, tmp_path / "b", Given(receipts=(receipt_of(play, "乙"),))))
    assert [claim.topic for claim in found] == ["receipt"]
    assert "left it off the roll" in found[0].words.en


def test_a_bidder_sees_its_bid_on_the_roll_and_a_forged_receipt_proves_nothing(tmp_path):
    play = TenderPlay(tmp_path)
    files = play.play("open")
    report = recheck(files, tmp_path / "a", Given(receipts=(receipt_of(play, "甲"), receipt_of(play, "丙"))))
    assert [claim.words.en[-4:] for claim in report.claims if claim.topic == "receipt"] == ["live", "aced"]
    forged = TenderPlay(tmp_path / "other")
    (tmp_path / "other").mkdir()
    forged.play("collect")
    found = lies(recheck(files, tmp_path / "b", Given(receipts=(receipt_of(forged, "甲"),))))
    assert [claim.topic for claim in found] == ["receipt"]
    assert "not signed by the platform" in found[0].words.en


def test_a_bidder_certified_by_nobody_trusted_is_found(honest, tmp_path):
    stranger = TenderPlay(tmp_path).ca.der
    found = lies(recheck(honest, tmp_path / "archive", Given(roots=(stranger,))))
    assert {claim.topic for claim in found} == {"papers"}


def test_a_file_that_is_no_json_is_a_lie_and_no_crash(honest, tmp_path):
    for name in sorted(honest):
        if name.endswith(".json") and "/sheets/" not in name:
            files = {**honest, name: b"\xff{"}
            assert lies(recheck(files, tmp_path / canonical.sha(name.encode())[:8])), name


class SignedBySome(TenderPlay):
    """The record lacks signatures, or bears false ones: `signers` maps names to keys, None for nobody's."""

    signers: tuple[str, ...] = ("platform", "owner", "supervisor")
    forged = ""

    def record_signatures(self, record: bytes) -> dict[str, str]:
        found = super().record_signatures(record)
        found |= {self.forged: found["platform"]} if self.forged else {}
        return {by: sig for by, sig in found.items() if by in self.signers}


@pytest.mark.parametrize("forged", ["owner", "supervisor"])
def test_a_false_signature_under_the_record_is_found(forged, tmp_path):
    (tmp_path / "bids").mkdir()
    play = SignedBySome(tmp_path / "bids")
    play.forged = forged
    found = lies(recheck(play.play(), tmp_path / "archive"))
    assert [claim.topic for claim in found] == ["record"]
    assert f"signature of {forged}" in found[0].words.en


def test_who_has_not_signed_the_record_yet_is_said_and_is_no_lie(tmp_path):
    (tmp_path / "bids").mkdir()
    play = SignedBySome(tmp_path / "bids")
    play.signers = ("platform",)
    report = recheck(play.play(), tmp_path / "archive")
    waiting = [claim.words.en for claim in report.claims if claim.topic == "record" and claim.mark is not Mark.HOLDS]
    assert lies(report) == []
    assert waiting == [
        "the owner has not signed the record yet",
        "the supervising authority has not signed the record yet",
    ]
