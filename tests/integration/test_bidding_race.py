"""Two hundred submissions race the close: each ends on the roll or refused as late, and none between."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import current_app

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import Bidder, seconds, staged
from tendering_stage import _actor, _certify

from accounts.roles import OrgKind, Role
from bidding import closing, submission, withdrawal
from bidding.models import Bid, Roll
from kernel import clock, keys
from kernel.db import db, transaction
from kernel.errors import Conflict, Refusal, TooLate
from kernel.site import site, used
from supervision import log

MANY = 200
ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with staged(tmp_path, request.param) as found:
        yield found


def together(tasks, threads=16):
    """Run all tasks, each in an application context of its own, as many at once as there are threads."""
    app, here = current_app._get_current_object(), site()

    def one(task):
        with app.app_context(), used(here):
            try:
                return task()
            except Refusal as refusal:
                return refusal
            finally:
                db.session.remove()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, tasks))


def prepared(stage, lot, number):
    """Sealed and uploaded bids of as many bidders."""
    with stage.act():
        actors = [_actor(f"racer{n}", OrgKind.BIDDER, Role.BIDDER, f"913301066{n:06d}54P") for n in range(number)]
    with stage.act():
        for n, actor in enumerate(actors):
            key = keys.generate()
            stage.bidders[f"racer{n}"] = Bidder(f"racer{n}", actor, key, _certify(actor, key, stage.now))
    names = [f"racer{n}" for n in range(number)]
    return [(name, stage.handed(stage.seal(lot, name), name)) for name in names]


@pytest.mark.slow
def test_every_submission_is_on_the_roll_or_refused_and_none_between(stage):
    lot = stage.one_lot()
    ready = prepared(stage, lot, MANY)
    closes_at = stage.lot(lot).closes_at
    closed = threading.Event()

    def submitting(n, name, handed):
        # three in four claim an instant in time; the flip comes in the middle of them all
        instant = closes_at + timedelta(milliseconds=(n % 8 - 5) * 10)

        def submit():
            with clock.at(instant), transaction():
                return submission.submit(stage.bidders[name].actor, lot, handed, instant).receipt

        return submit

    def flip():
        with clock.at(closes_at):
            closing.flip_due(closes_at)
        closed.set()

    tasks = [submitting(n, name, handed) for n, (name, handed) in enumerate(ready)]
    tasks.insert(MANY // 2, flip)
    answers = [answer for answer in together(tasks) if answer is not None]
    assert closed.is_set()
    receipts = [answer for answer in answers if isinstance(answer, bytes)]
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(receipts) + len(refused) == MANY
    assert all(isinstance(refusal, TooLate) for refusal in refused)
    assert receipts
    assert refused
    stage.now = closes_at
    stage.run(3)
    roll = stage.rows(Roll)[0]
    listed = {keys.unb64(entry["receipt"]["file"]) for entry in roll.entries}
    assert listed == set(receipts)
    assert all(entry["index"] < roll.cut_size for entry in roll.entries)
    with stage.act(write=False):
        assert len(log.find("bid.sealed", lot)) == len(receipts)
    assert len(stage.rows(Bid)) == len(receipts)


def test_of_two_first_bids_of_one_party_one_is_taken(stage):
    lot = stage.one_lot()
    pair = [stage.handed(stage.seal(lot, "a"), "a") for _ in range(2)]
    actor, now = stage.bidder_of("a").actor, stage.now

    def submitting(handed):
        def submit():
            with clock.at(now), transaction():
                return submission.submit(actor, lot, handed, now).status.value

        return submit

    answers = together([submitting(handed) for handed in pair], 2)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "str"]
    assert [bid.status.value for bid in stage.rows(Bid)] == ["live"]


def test_of_a_replacement_and_a_withdrawal_at_one_instant_one_wins(stage):
    lot = stage.one_lot()
    first = stage.bid(lot, "a")
    handed = stage.handed(stage.seal(lot, "a", prev=first.manifest_sha256), "a")
    statement = stage.withdrawal(lot, first.manifest_sha256, "a")
    actor, now = stage.bidder_of("a").actor, stage.now

    def replacing():
        with clock.at(now), transaction():
            return submission.submit(actor, lot, handed, now).status.value

    def withdrawing():
        with clock.at(now), transaction():
            return withdrawal.withdraw(actor, lot, statement, now)[1].status.value

    answers = together([replacing, withdrawing], 2)
    assert len([answer for answer in answers if isinstance(answer, Conflict)]) == 1
    bids = {bid.manifest_sha256: bid for bid in stage.rows(Bid)}
    assert bids[first.manifest_sha256].ended_by in {handed.sha256, statement.sha256}
    assert sum(bid.status.value == "live" for bid in bids.values()) == int(handed.sha256 in bids)


def test_of_two_that_hand_in_one_ciphertext_at_one_instant_one_is_refused_as_a_copy(stage):
    lot = stage.one_lot()
    handed = stage.handed(stage.seal(lot, "a"), "a")
    actor, now = stage.bidder_of("a").actor, stage.now
    twin = replace(handed, sig=keys.sign(handed.manifest, stage.bidder_of("a").key))

    def submitting(given):
        def submit():
            with clock.at(now), transaction():
                return submission.submit(actor, lot, given, now).id

        return submit

    answers = together([submitting(handed), submitting(twin)], 2)
    ids = {answer for answer in answers if isinstance(answer, int)}
    assert len(ids) == 1
    assert len(stage.rows(Bid)) == 1


def test_the_lot_flips_once_however_many_workers_try(stage):
    lot = stage.one_lot()
    stage.bid(lot, "a")
    now = stage.lot(lot).closes_at + seconds(1)

    def flip():
        with clock.at(now):
            return closing.flip_due(now)

    answers = together([flip] * 6, 6)
    assert sum(answer is True for answer in answers) == 1
    assert len([fact for fact in stage.facts("state.changed") if fact.now == "sealed"]) == 1
