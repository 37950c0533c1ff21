"""C47, C41: a stranger rechecks every signature under the evaluation report, every silence, and how the time was extended."""

from __future__ import annotations

import dataclasses
import re

import pytest

from kernel import canonical, keys
from supervision.report_facts import ReportCompleted, TimeAsked, TimeExtended, TimeShort
from tests.unit.verifier.honest_tender import LOT, TenderPlay
from tests.unit.verifier.public_log import at
from tests.unit.verifier.rechecked import lies, recheck
from tests.unit.verifier.signed_report import PLANNED, TERM


def found(play: TenderPlay, tmp_path, topic: str) -> list[str]:
    report = recheck(play.play(), tmp_path / "archive")
    return [claim.words.en for claim in lies(report) if claim.topic == topic]


class OneSilent(TenderPlay):
    def silent(self) -> list[str]:
        return ["E5"]


class SilentTooSoon(OneSilent):
    def asked_at(self) -> int:
        return self.now - TERM + 1


class AskedEarlierThanSaid(OneSilent):
    def asked_at(self) -> int:
        return self.now - TERM - 100


class OneMissing(TenderPlay):
    def signing(self) -> list[str]:
        return [alias for alias in self.experts if alias != "E5"]


class SignedForAnother(TenderPlay):
    def report_signature(self, alias, raw):
        told = super().report_signature(alias, raw)
        key = self.experts["E1"][0]
        return {**told, "sig": keys.b64(keys.sign(keys.unb64(told["file"]), key))}


class AnotherReport(TenderPlay):
    def report(self) -> bytes:
        return canonical.encode({**canonical.decode(super().report()), "ranking": []})


class NoReport(TenderPlay):
    def sign_report(self) -> None:
        self.pass_(1)


class DissentHidden(TenderPlay):
    """The file shows agreement where a dissent was logged."""

    def completed(self, raw, signed) -> ReportCompleted:
        fact = super().completed(raw, signed)
        return dataclasses.replace(
            fact, signed=(dataclasses.replace(fact.signed[0], file_sha256="0" * 64), *fact.signed[1:])
        )


@pytest.mark.parametrize(
    ("play", "words"),
    [
        (SilentTooSoon, "before its time"),
        (AskedEarlierThanSaid, "before its time"),
        (OneMissing, "not every member"),
        (SignedForAnother, "has not signed"),
        (AnotherReport, "does not say"),
        (NoReport, "without a signed report"),
        (DissentHidden, "not those logged"),
    ],
)
def test_c47_signatures_a_report_that_is_not_signed_as_said_is_found(play, words, tmp_path):
    told = found(play(tmp_path), tmp_path, "report")
    assert any(re.search(words, one) for one in told), told


def test_c47_signatures_dissents_and_silences_are_counted(tmp_path):
    report = recheck(OneSilent(tmp_path).play(), tmp_path / "archive")
    assert report.honest
    said = next(claim.words.en for claim in report.claims if claim.topic == "report")
    assert "signed by 4 (1 dissenting), 1 silent" in said


# the time


class Extended(TenderPlay):
    short = ("E1", "E2")

    def plan_time(self) -> None:
        super().plan_time()
        end = self.now + PLANNED
        for alias in self.short:
            self.log.append(TimeShort(lot=LOT, by=alias, reason_sha256="0" * 64, at=at(self.now)))
        self.log.append(self.asked(end))
        self.extended(end)

    def asked(self, end: int) -> TimeAsked:
        return TimeAsked(lot=LOT, short=2, members=5, ends_at=at(end), at=at(self.now))

    def extended(self, end: int) -> None:
        self.log.append(TimeExtended(lot=LOT, was=at(end), ends_at=at(end + 600), at=at(self.now)))


class AskedByFew(Extended):
    def asked(self, end: int) -> TimeAsked:
        return dataclasses.replace(super().asked(end), short=1)


class AskedByNobody(Extended):
    short = ("E1", "E1")


class NotLater(Extended):
    def extended(self, end: int) -> None:
        self.log.append(TimeExtended(lot=LOT, was=at(end), ends_at=at(end), at=at(self.now)))


class Unasked(TenderPlay):
    def plan_time(self) -> None:
        super().plan_time()
        end = self.now + PLANNED
        self.log.append(TimeExtended(lot=LOT, was=at(end), ends_at=at(end + 600), at=at(self.now)))


class Unanswered(Extended):
    def extended(self, end: int) -> None:
        """The owner stays silent."""

    def sign_report(self) -> None:
        self.pass_(PLANNED + 60)
        super().sign_report()


@pytest.mark.parametrize(
    ("play", "words"),
    [
        (AskedByFew, "no more than a third"),
        (AskedByNobody, "no more than a third"),
        (NotLater, "no later end"),
        (Unasked, "nobody asked for"),
        (Unanswered, "extended nothing"),
    ],
)
def test_c41_an_extension_not_made_as_the_law_asks_is_found(play, words, tmp_path):
    told = found(play(tmp_path), tmp_path, "time")
    assert any(re.search(words, one) for one in told), told


def test_c41_an_extension_that_a_third_asked_for_holds(tmp_path):
    report = recheck(Extended(tmp_path).play(), tmp_path / "archive")
    assert report.honest
    assert any("extended 1 times" in claim.words.en for claim in report.claims if claim.topic == "time")
