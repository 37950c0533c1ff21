"""A stranger rechecks who was invited, from what the real platform publishes; and a draw that was not the log's is found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from invitation_stage import draws, inquiry, invitation, invite, out

from kernel import canonical
from supervision import log
from tendering.invitations.rules import Ground
from tests.integration.test_verifier_portal import fetched, lies, rechecked, stage, topics  # noqa: F401  fixtures
from verifier.claims import Mark

THREE = ("甲", "乙", "丙")
SIX = (*THREE, "丁", "戊", "己")


def opened(stage, code, names):  # noqa: F811
    lot = out(stage, code)
    for n, name in enumerate(names):
        stage.bid(lot, name, price=f"{8 - n}00000.00")
    stage.run(4)
    stage.run_to_close(lot)
    stage.run_until("sealed", lot)
    stage.run(4)
    stage.start(lot)
    stage.run_until("opened", lot)
    stage.run(3)
    return lot


def drawn(stage):  # noqa: F811
    """The names of those whom the log drew."""
    with stage.act(write=False):
        codes = log.find("invitation.drawn")[0].value.invited
    return [name for name in SIX if stage.bidder_of(name).actor.uscc in codes]


def test_n02_n11_a_stranger_rechecks_who_was_invited_to_an_inquiry(stage, fetched):  # noqa: F811
    code = inquiry(stage)
    invite(stage, code, THREE, Ground.EXPERT)
    lot = opened(stage, code, THREE)
    report = rechecked(fetched(lot))
    assert not lies(report)
    assert "invitations" in topics(report, Mark.HOLDS)


def test_g06_a_stranger_plays_the_draw_again(stage, fetched):  # noqa: F811
    code = invitation(stage)
    invite(stage, code, SIX, Ground.LIBRARY, draw=3)
    draws(stage)
    lot = opened(stage, code, drawn(stage))
    report = rechecked(fetched(lot))
    assert not lies(report)
    assert "invitations" in topics(report, Mark.HOLDS)


def test_who_was_invited_is_no_claim_while_it_is_secret(stage, fetched):  # noqa: F811
    code = inquiry(stage)
    invite(stage, code, THREE, Ground.EXPERT)
    lot = out(stage, code)
    stage.run(4)
    folder = fetched(lot)
    assert "invitations" in topics(rechecked(folder), Mark.NOT_DUE)
    assert canonical.decode((folder / f"lots/{code}/disclosures.json").read_bytes()) == []


def test_g06_a_draw_that_the_root_does_not_give_is_a_lie(stage, fetched, monkeypatch):  # noqa: F811
    from supervision import draw

    honest = draw.drawn
    monkeypatch.setattr(draw, "drawn", lambda codes, count, seed: tuple(sorted(codes)[:count]))
    code = invitation(stage)
    invite(stage, code, SIX, Ground.LIBRARY, draw=3)
    draws(stage)
    favored = drawn(stage)
    lot = opened(stage, code, favored)
    folder = fetched(lot)
    monkeypatch.setattr(draw, "drawn", honest)
    with stage.act(write=False):
        told = log.find("invitation.drawn")[0].value
        codes = [one.uscc for one in log.find("invitation.listed")[0].value.invitees]
    if honest(codes, 3, told.seed) == told.invited:
        pytest.skip("the root happened to give the favored")
    assert "invitations" in {topic for topic, _ in lies(rechecked(folder))}
