from datetime import UTC, datetime, timedelta

import pytest

from bidding import rules
from bidding.states import OpeningStep, Outcome
from kernel.errors import Conflict, Invalid, TooEarly, TooLate, TooMany

CLOSES = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
LAW = "《财政部令第87号》第三十三条"


def door(*, collecting: bool = True, suspended: bool = False) -> rules.Door:
    return rules.Door(LAW, CLOSES, collecting, suspended)


def test_the_last_microsecond_is_in_time_and_the_deadline_itself_too_late_by_law():
    rules.check_in_time(CLOSES - timedelta(microseconds=1), door())
    with pytest.raises(TooLate) as refused:
        rules.check_in_time(CLOSES, door())
    assert refused.value.code == "bid.late"
    assert refused.value.rule == LAW


def test_a_lot_already_flipped_refuses_after_its_deadline_as_late():
    with pytest.raises(TooLate):
        rules.check_in_time(CLOSES, door(collecting=False))


def test_a_request_that_began_in_time_but_finds_the_lot_flipped_is_late():
    with pytest.raises(TooLate):
        rules.check_in_time(CLOSES - timedelta(seconds=1), rules.Door(LAW, CLOSES, collecting=False, flipped=True))


def test_a_cancelled_lot_takes_nothing_and_does_not_call_it_late():
    with pytest.raises(Conflict) as refused:
        rules.check_in_time(CLOSES - timedelta(seconds=1), door(collecting=False))
    assert refused.value.code == "lot.not_collecting"


def test_a_suspended_lot_goes_on_accepting_past_its_old_deadline():
    rules.check_in_time(CLOSES + timedelta(hours=1), door(suspended=True))
    with pytest.raises(TooLate):
        rules.check_in_time(CLOSES + timedelta(hours=1), door(suspended=True, collecting=False))


def test_a_lot_without_a_deadline_takes_nothing():
    with pytest.raises(Conflict) as refused:
        rules.check_in_time(CLOSES, rules.Door(LAW, None, collecting=False))
    assert refused.value.code == "lot.not_collecting"


@pytest.mark.parametrize(
    ("prev", "head", "code"),
    [(None, "a", "bid.already_live"), ("a", None, "bid.prev_not_live"), ("a", "b", "bid.prev_not_live")],
)
def test_a_bid_that_does_not_follow_the_live_head_is_refused(prev, head, code):
    with pytest.raises(Conflict) as refused:
        rules.check_succession(prev, head)
    assert refused.value.code == code


def test_of_all_pairs_only_a_first_bid_and_a_proper_replacement_are_taken():
    def taken(prev, head) -> bool:
        try:
            rules.check_succession(prev, head)
        except Conflict:
            return False
        return True

    heads = (None, "a", "b")
    assert [(prev, head) for prev in heads for head in heads if taken(prev, head)] == [
        (None, None),
        ("a", "a"),
        ("b", "b"),
    ]


def test_the_quota_counts_files_and_bytes():
    rules.check_quota(rules.Holdings(0, 0), 100, 100)
    with pytest.raises(TooMany) as refused:
        rules.check_quota(rules.Holdings(rules.MAX_UPLOADS, 1), 1, 100)
    assert refused.value.code == "upload.too_many"
    with pytest.raises(TooMany) as refused:
        rules.check_quota(rules.Holdings(1, rules.QUOTA_FILES * 100), 1, 100)
    assert refused.value.code == "upload.quota"


def test_a_wrong_offset_is_refused_and_the_right_one_told():
    rules.check_offset(5, 5)
    with pytest.raises(Conflict) as refused:
        rules.check_offset(4, 5)
    assert refused.value.detail["offset"] == 5


def test_only_the_bidders_own_fault_is_a_revocation():
    assert rules.verdict(Outcome.BIDDER) == "revoked"
    for outcome in (Outcome.PLATFORM, Outcome.TRUSTEE):
        assert rules.verdict(outcome) == "returned"


def test_an_opening_begins_when_started_or_when_the_wait_is_over_and_never_before_its_time():
    moments = rules.Moments(CLOSES, timedelta(seconds=600), timedelta(seconds=1800))
    assert not moments.may_begin(CLOSES - timedelta(seconds=1), started=True)
    assert moments.may_begin(CLOSES, started=True)
    assert not moments.may_begin(CLOSES + timedelta(seconds=599), started=False)
    assert moments.may_begin(CLOSES + timedelta(seconds=600), started=False)


def test_confirmation_counts_from_the_read_out_until_its_window_closes():
    until = CLOSES + timedelta(seconds=60)
    rules.check_confirmation(OpeningStep.READOUT, CLOSES, None)
    rules.check_confirmation(OpeningStep.CONFIRMING, CLOSES, until)
    with pytest.raises(TooEarly):
        rules.check_confirmation(OpeningStep.UNSEALING, CLOSES, None)
    with pytest.raises(TooLate):
        rules.check_confirmation(OpeningStep.CONFIRMING, until, until)


@pytest.mark.parametrize("words", ["", "  ", "x" * 2001])
def test_an_objection_says_something(words):
    with pytest.raises(Invalid):
        rules.check_objection_words(words)
