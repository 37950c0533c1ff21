"""A day in which processes die at their commits, before they take effect or right after: the same day comes out."""

import sys
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import cut_json, seconds, staged
from log_stage import ENGINES

from bidding import steps, uploads, writer
from bidding.models import Admission, Bid, NodeClose, Opened, Release, Roll, Upload
from bidding.states import Outcome, UploadState
from kernel import canonical, clock
from kernel.db import db
from kernel.site import site

KINDS = (
    "bid.sealed", "bid.withdrawn", "box.closed", "close", "stage.admitted", "opening.started", "release.hash",
    "release", "bid.opened", "bid.judged", "opening.record", "state.changed",
)  # fmt: skip
TABLES = (Bid, Roll, NodeClose, Admission, Release, Opened)


class Killed(BaseException):
    """The process is gone; nothing in it catches this."""


@contextmanager
def dying(moment):
    """Of all commits about half kill, the first among them, in an order that is the same each time."""
    state, committed = 11, False

    def die(*_session):
        nonlocal state
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        if state >> 16 & 1:
            raise Killed

    def note(_session):
        nonlocal committed
        committed = True

    def die_if_committed(*_ended):
        nonlocal committed
        if committed:
            committed = False
            die()

    target = db.session.session_factory
    after = {"after_commit": note, "after_transaction_end": die_if_committed}
    listeners = after if moment == "after_commit" else {moment: die}
    for name, listener in listeners.items():
        event.listen(target, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(target, name, listener)


def again(act):
    """Start it anew until it gets through, as a supervisor of processes does."""
    for _ in range(200):
        try:
            return act()
        except Killed:
            db.session.remove()
    raise AssertionError("it never got through")


def quiet(stage):
    """One second of the day, restarted after each death until nothing is due."""
    stage.now += seconds(1)
    with clock.at(stage.now):
        parts = [partial(step, stage.now) for step in steps.STEPS]
        while any(again(part) for part in (stage._log, *parts, stage._post, stage._release)):
            continue


def day(stage):
    lot = stage.one_lot()
    first = {name: stage.bid(lot, name) for name in "abcd"}
    stage.withdraw(lot, first["d"], "d")
    yield lot
    stage.now = stage.lot(lot).closes_at - seconds(1)
    for _ in range(5):
        quiet(stage)
    again(lambda: stage.start(lot))
    for _ in range(60):
        if stage.lot(lot).state == "opened":
            break
        quiet(stage)
    quiet(stage)


def outcome(stage, lot):
    """What the day left behind, as far as two days can be compared."""
    kinds = Counter({kind: len(stage.facts(kind)) for kind in KINDS})
    rows = {table.__tablename__: len(stage.rows(table)) for table in TABLES}
    record = cut_json(stage, lot, "record.json")
    bids = [(bid["outcome"], bid["sheet"]["price"]) for bid in record["bids"]]
    return kinds, rows, sorted(bids), stage.lot(lot).state


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with staged(tmp_path, request.param) as found:
        yield found


@pytest.fixture
def undisturbed(tmp_path_factory):
    with staged(tmp_path_factory.mktemp("undisturbed")) as stage:
        (lot,) = day(stage)
        return outcome(stage, lot)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_a_day_of_deaths_at_every_commit_ends_like_any_other(undisturbed, stage, moment):
    running = day(stage)
    lot = next(running)
    with dying(moment):
        assert next(running, None) is None
    assert outcome(stage, lot) == undisturbed
    assert {row.outcome for row in stage.rows(Opened)} == {Outcome.OPENED}


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_a_submission_that_dies_at_its_commit_is_whole_or_not_there_and_can_be_repeated(stage, moment):
    lot = stage.one_lot()
    handed = stage.handed(stage.seal(lot, "a"), "a")
    with dying(moment), pytest.raises(Killed):
        stage.submit(lot, handed, "a")
    db.session.remove()
    there = moment == "after_commit"
    assert len(stage.rows(Bid)) == int(there)
    assert len(stage.facts("bid.sealed")) == int(there)
    assert len(stage.mail("manifest")) == 4 * int(there)
    states = {row.state for row in stage.rows(Upload)}
    assert states == {UploadState.TAKEN if there else UploadState.DONE}
    bid = stage.submit(lot, handed, "a")
    assert stage.submit(lot, handed, "a").receipt == bid.receipt
    assert len(stage.facts("bid.sealed")) == 1


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_an_unfinished_replacement_leaves_the_earlier_bid_live(stage, moment):
    lot = stage.one_lot()
    first = stage.bid(lot, "a")
    handed = stage.handed(stage.seal(lot, "a", prev=first.manifest_sha256), "a")
    with dying(moment), pytest.raises(Killed):
        stage.submit(lot, handed, "a")
    db.session.remove()
    live = [bid.manifest_sha256 for bid in stage.rows(Bid) if bid.status.value == "live"]
    assert live == [handed.sha256 if moment == "after_commit" else first.manifest_sha256]


def test_an_upload_whose_writer_loses_its_commits_arrives_whole(stage):
    actor, raw = stage.bidder_of("a").actor, bytes(range(256)) * 2000
    with stage.act() as now:
        token = uploads.create(actor, "x", len(raw), now).token
    with dying("before_commit"):
        for _ in range(20):
            again(lambda: _one_piece(stage, actor, token, raw))
            again(lambda: uploads.finish_left(stage.now.replace(year=2100)))
    row = stage.rows(Upload)[0]
    assert (row.state, row.sha256) == (UploadState.DONE, canonical.sha(raw))
    assert site().blobs.size(row.blob_key) == len(raw)


def _one_piece(stage, actor, token, raw):
    """A client that asks where to go on, and sends what it can; a dead writer's lease has run out meanwhile."""
    with stage.act() as now:
        row = uploads.look(actor, token)
        row.lease = None
        offset, done = row.size, row.state is not UploadState.OPEN
    if not done:
        uploads.receive(actor, token, writer.Arriving(offset, [raw[offset : offset + 200_000]]), now)
