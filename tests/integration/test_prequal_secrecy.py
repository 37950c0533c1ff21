"""Who applied for a pre-qualification is asked of every reading door of the real portal, as every role, before its deadline."""

from __future__ import annotations

import pytest
from portal_doors import EDGE_ONLY, READING_ROLES, Street, doorways
from portal_stage import staged

from bidding.models import Bid
from tendering.prequal.visibility import TABLE, Phase, Viewer
from tests.prequal_stage import FOUR, apply, close, give, opened, review
from tests.tendering_stage import seconds

APART = ("/metrics", "/api/openapi.json", EDGE_ONLY)


class Lane(Street):
    """The doors of a portal with one lot that takes applications; four have applied, or nobody has."""

    def __init__(self, stage, applicants=FOUR):
        self.stage, self.client, self._tokens = stage, stage.app.test_client(), {}
        self.lot = opened(stage)
        self.bids = list[Bid]()
        for name in (*FOUR, "外人"):
            stage.bidder_of(name)
        for name in applicants:
            apply(stage, self.lot, name)
        self.drafted = stage.draft(title="草稿")
        stage.grant(*(bidder.actor for bidder in stage.bidders.values()))
        self.people = {role.value: actor for role, actor in stage.by_role.items()}
        self.people["bidding"] = stage.bidders["外人"].actor
        for actor in self.people.values():
            self.token(actor)


def readable(lane):
    doors = doorways(lane.stage.app.url_map.iter_rules())
    return [door for door in doors if door.method == "GET" and door.rule not in APART]


def names(lane):
    return [part for name in FOUR for part in (lane.stage.bidder_of(name).actor.uscc, lane.stage.bidder_of(name).actor.organization)]  # fmt: skip


def read(lane, role):
    for door in readable(lane):
        answer = lane.ask("GET", lane.path(door), lane.people.get(role))
        assert answer.status_code < 500, (role, str(door))
        yield door, answer.get_data(as_text=True)


@pytest.fixture(scope="module")
def lane(tmp_path_factory):
    with staged(tmp_path_factory.mktemp("lane")) as stage:
        yield Lane(stage)


@pytest.mark.parametrize("role", READING_ROLES)
def test_no_door_names_an_applicant_before_the_deadline(lane, role):
    for door, text in read(lane, role):
        if not door.rule.startswith("/admin/"):  # the office that admits organizations knows them all
            assert not [one for one in names(lane) if one in text], (role, str(door))


@pytest.mark.parametrize("then", ["review", "collecting", "failed"])
def test_no_door_breaks_or_tells_the_public_afterwards(tmp_path, then):
    with staged(tmp_path) as stage:
        lane = Lane(stage)
        close(stage, lane.lot)
        if then != "review":
            review(stage, lane.lot, fails=FOUR[:2] if then == "failed" else FOUR[:1])
            give(stage, lane.lot, None if then == "failed" else stage.now + seconds(60))
        for role in ("nobody", "bidding", "SUP", "OWNER"):
            for door, text in read(lane, role):
                if role in ("nobody", "bidding"):
                    assert not [one for one in names(lane) if one in text], (role, str(door))


def test_the_prequalification_table_shows_an_application_to_its_applicant_alone_before_the_deadline():
    seen = {
        (who, name) for who in Viewer for name in TABLE.rows for phase in (Phase.TAKING, Phase.WAITING)
        if TABLE.may_see(who, phase, name)
    }  # fmt: skip
    assert {who for who, _ in seen} == {Viewer.APPLICANT}
    assert not any(TABLE.may_see(Viewer.OTHER, phase, name) for phase in Phase for name in TABLE.rows)
