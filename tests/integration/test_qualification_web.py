"""The review of qualification on its pages: the reviewers' form, each bidder's own result, and nobody else's before the award.

Table `qualification` of who sees what: papers, whether qualified, and the ground, for each viewer at each moment.
"""

from __future__ import annotations

import pytest

from evaluation import reading, steps
from evaluation.qualification import rules, service, standing
from evaluation.qualification.rules import Finding
from kernel import canonical, keys
from kernel.errors import Conflict, Invalid, NotFound, Refusal
from kernel.statements import Signed
from supervision import log
from tendering import lifecycle
from tests.evaluation_stage import COMMITTEE, evaluation_staged
from tests.evaluation_web import checked, opened_door

GROUND = "未提供有效的资格证明文件"


class Desk:
    """A procurement whose documents are open; the owner reviews."""

    def __init__(self, stage):
        self.stage, self.client = stage, opened_door(stage)

    def page(self, who=None, language="zh"):
        headers = {"X-Test-Language": language} | ({"X-Test-Actor": who} if who else {})
        answer = self.client.get(f"/lots/{self.stage.lot}/qualification", headers=headers)
        assert answer.status_code == 200, answer.text
        return checked(answer.text)

    def post(self, path, who, **form):
        return self.client.post(f"/lots/{self.stage.lot}/qualification{path}", data=form, headers={"X-Test-Actor": who})

    def form(self, *away):
        found = {f"qualified.{bid_id}": "no" if name in away else "yes" for name, bid_id in self.stage.bid_ids.items()}
        return found | {f"ground.{self.stage.bid_ids[name]}": GROUND for name in away}

    def signed(self, raw, key=None):
        sig = keys.sign(raw, key or self.stage.stage.owner_key)
        return {"statement": keys.b64(raw), "signature": keys.b64(sig)}

    def give(self, *away, who="owner", key=None):
        prepared = self.post("/statement", who, **self.form(*away))
        assert prepared.status_code == 200, prepared.text
        return self.post("", who, **self.signed(keys.unb64(prepared.json["statements"][0]), key))


@pytest.fixture
def desk(tmp_path):
    with evaluation_staged(tmp_path, small=True) as stage:
        stage.admitted()
        stage.opened()
        yield Desk(stage)


def test_g21_nobody_evaluates_before_qualification_is_reviewed_and_then_only_the_qualified_are_judged(desk):
    stage = desk.stage
    assert stage.step(steps.step_begin_scoring) is False
    assert desk.give().status_code == 303
    assert stage.step(steps.step_begin_scoring) is True
    with stage.act(write=False):
        assert len(reading.assessed(stage.lot)) == 3


def test_g21_fewer_than_three_qualified_fail_the_lot_and_everybody_sees_why(desk):
    stage = desk.stage
    assert desk.give("bidder2").status_code == 303
    assert stage.state() == "failed"
    with stage.act(write=False):
        (failed,) = [row for row in log.find("tender.failed", stage.lot) if b"too_few_qualified" in row.fact]
        assert "第四十四条" in canonical.decode(failed.fact)["law"]
        (row,) = log.find("qualification.reviewed", stage.lot)
        assert row.disclosed_at is not None
    assert GROUND in desk.page()
    assert stage.step(steps.step_begin_scoring) is False


def test_g21_the_committee_never_meets_a_bid_that_was_turned_away(desk, monkeypatch):
    stage = desk.stage
    monkeypatch.setattr(rules, "enough", lambda _rule, _review: True)  # as if there were a fourth bidder
    desk.give("bidder2")
    stage.step(steps.step_begin_scoring)
    away = stage.bid_ids["bidder2"]
    headers = {"X-Test-Actor": COMMITTEE[0]}
    room = desk.client.get(f"/evaluate/{stage.lot}", headers=headers)
    assert room.status_code == 200
    assert away not in room.text
    assert desk.client.get(f"/evaluate/{stage.lot}/documents/{away}/方案.pdf", headers=headers).status_code == 404
    with pytest.raises(Invalid):
        stage.save(COMMITTEE[0], {away: {"conforms": True, "ground": None, "scores": {}, "notes": {}}})
    for name in COMMITTEE:
        stage.sign(name, stage.draft())


def test_g21_g38_who_was_turned_away_reads_its_ground_and_nobody_else_does_before_the_award(desk, monkeypatch):
    monkeypatch.setattr(rules, "enough", lambda _rule, _review: True)
    desk.give("bidder2")
    assert GROUND in desk.page("bidder2")
    assert "您单位资格审查合格" in desk.page("bidder")
    for who in ("bidder", "bidder3", "operator", COMMITTEE[0], None):
        assert GROUND not in desk.page(who), who
    assert GROUND in desk.page("owner")
    with desk.stage.act():
        lifecycle.lot_of(desk.stage.lot).state = "failed"
    assert GROUND in desk.page()


def test_g21_only_reviewers_read_papers_and_only_before_they_sign(desk):
    stage = desk.stage
    bid_id = stage.bid_ids["bidder"]
    path = f"/lots/{stage.lot}/qualification/papers/{bid_id}/方案.pdf"
    assert "方案.pdf" in desk.page("owner")
    for who in ("bidder", "operator", COMMITTEE[0]):
        assert "方案.pdf" not in desk.page(who)
        assert desk.client.get(path, headers={"X-Test-Actor": who}).status_code == 403
    answer = desk.client.get(path, headers={"X-Test-Actor": "owner"})
    assert answer.status_code == 303
    assert "ticket=" in answer.headers["Location"]
    desk.give()
    assert desk.client.get(path, headers={"X-Test-Actor": "owner"}).status_code == 409


def test_g21_a_bidder_left_out_or_without_a_ground_is_named_at_its_field(desk):
    form = desk.form("bidder2")
    short = desk.post("/statement", "owner", **{**form, f"ground.{desk.stage.bid_ids['bidder2']}": "缺"})
    assert short.status_code == 422
    assert short.json["code"] == "qualification.ground"
    del form[f"qualified.{desk.stage.bid_ids['bidder']}"]
    left = desk.post("/statement", "owner", **form)
    assert list(left.json["detail"]["fields"]) == [f"qualified.{desk.stage.bid_ids['bidder']}"]


def test_g21_another_key_other_findings_or_a_second_review_are_refused(desk):
    stage = desk.stage
    assert "签名不是本标段密钥组中" in desk.give(key=keys.generate()).text
    findings = tuple(Finding(one, True, None) for one in stage.bid_ids.values())
    with stage.act(write=False):
        raw = service.statement(stage.actor("owner"), stage.lot, findings)
    told = canonical.decode(raw)
    for changed in ({**told, "by": "agency"}, {**told, "lot": "X"}, {**told, "bids": told["bids"][:2]}):
        file = canonical.encode(changed)
        with pytest.raises(Refusal) as refused, stage.act() as now:
            service.give(stage.actor("owner"), stage.lot, Signed(file, keys.sign(file, stage.stage.owner_key)), now)
        assert refused.value.code.startswith("qualification.")
    assert desk.give().status_code == 303
    again = desk.post("", "owner", **desk.signed(raw))
    assert "qualification" not in again.headers.get("Location", "")
    with stage.act(write=False):
        assert standing.row_of(stage.lot).file == raw


def test_g21_other_owners_bidders_and_experts_review_nothing(desk):
    for who in ("bidder", "operator", COMMITTEE[0]):
        assert desk.post("/statement", who, **desk.form()).status_code in (403, 422)
    with desk.stage.act(write=False):
        assert standing.row_of(desk.stage.lot) is None


def test_g21_before_the_documents_are_open_there_is_nothing_to_review(tmp_path):
    with evaluation_staged(tmp_path, small=True) as stage:
        stage.admitted()
        desk = Desk(stage)
        assert "之后，才能在这里查阅" in desk.page("owner")
        answer = desk.post("/statement", "owner", **desk.form())
        assert answer.json["code"] == "qualification.not_now"


def test_in_construction_the_committee_reviews_and_there_is_no_such_page(tmp_path):
    with evaluation_staged(tmp_path) as stage:
        answer = Desk(stage).client.get(f"/lots/{stage.lot}/qualification")
        assert answer.status_code == 404
        stage.scoring()
        assert stage.state() == "evaluating"
        with pytest.raises((Conflict, NotFound)) as refused, stage.act(write=False):
            service.statement(stage.actor("owner"), stage.lot, ())
        assert refused.value.code == "qualification.not_here"
