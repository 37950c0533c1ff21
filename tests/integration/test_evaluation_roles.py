"""Role by state by field, over HTTP: what the API answers is what the table of `evaluation.visibility` says."""

from __future__ import annotations

import pytest

from evaluation import results, steps
from evaluation.report import duration
from evaluation.visibility import Field, Phase, Viewer, may_see
from kernel import keys
from kernel.statements import Signed
from tendering import awards, lifecycle
from tests.evaluation_stage import COMMITTEE, evaluation_staged
from tests.evaluation_web import opened_door
from tests.tendering_stage import seconds

PEOPLE = {
    "expert1": Viewer.MEMBER,
    "expert6": Viewer.EXPERT,
    "operator": Viewer.OPS,
    "owner": Viewer.OWNER,
    "other_owner": Viewer.PUBLIC,
    "supervising": Viewer.SUP,
    "manager": Viewer.MGR,
    "bidder": Viewer.BIDDER,
    None: Viewer.PUBLIC,
}


class Reader:
    """Asks everything as everybody."""

    def __init__(self, stage):
        self.stage, self.client = stage, opened_door(stage)

    def get(self, path, who):
        headers = {"X-Test-Actor": who} if who else {}
        return self.client.get(f"/api/v1/lots/{self.stage.lot}{path}", headers=headers)

    def seen(self, who):
        """Which fields of other people's things somebody gets; the member's own are asked for apart."""
        committee, found = self.get("/committee", who).json, set()
        others = [one for one in committee["members"] if not (who == "expert1" and one["alias"] == self.own)]
        found |= {Field.ALIASES} if others else set()
        found |= {Field.NAMES} if any("name" in one for one in others) else set()
        found |= {Field.DECLARATION} if any("declared" in one for one in others) else set()
        found |= {Field.SIGNED_COUNT} if "signed_count" in committee else set()
        sheets = {one["evaluator"] for one in self.get("/sheets", who).json}
        found |= {Field.SHEET} if sheets - {self.own} else set()
        found |= {Field.RESULT} if self.get("/result", who).status_code == 200 else set()
        found |= self.reported(who)
        return found | ({Field.DOCUMENTS} if self.get("/room", who).status_code == 200 else set())

    def reported(self, who):
        """What somebody gets of the evaluation report, of who signed it, and of the time for it."""
        answer, time = self.get("/report", who), self.get("/evaluation-time", who)
        found = {Field.TIME} if time.status_code == 200 else set()
        found |= {Field.SHORT_OF_TIME} if time.status_code == 200 and time.json["short"] else set()
        found |= {Field.REPORT_SIGNED} if answer.status_code == 200 else set()
        return found | ({Field.REPORT} if answer.status_code == 200 and "report" in answer.json else set())

    @property
    def own(self):
        seats = self.client.get("/api/v1/seats", headers={"X-Test-Actor": "expert1"}).json
        return seats[0]["alias"] if seats else None

    def check(self, phase):
        asked = {
            Field.ALIASES,
            Field.NAMES,
            Field.DECLARATION,
            Field.SIGNED_COUNT,
            Field.SHEET,
            Field.RESULT,
            Field.DOCUMENTS,
            Field.TIME,
            Field.SHORT_OF_TIME,
            Field.REPORT,
            Field.REPORT_SIGNED,
        }
        for who, viewer in PEOPLE.items():
            expected = {field for field in asked if may_see(viewer, phase, field)}
            assert self.seen(who) == expected, (who, phase)


@pytest.fixture
def reader(tmp_path):
    with evaluation_staged(tmp_path) as stage:
        yield Reader(stage)


def test_every_role_sees_in_every_state_what_the_table_says(reader):
    stage = reader.stage
    reader.check(Phase.NONE)
    stage.admitted()
    reader.check(Phase.FORMED)
    stage.opened()
    stage.step(steps.step_begin_scoring)
    stage.sign("expert2", stage.draft())
    with stage.act() as now:
        duration.press(stage.actor("expert2"), stage.lot, "图纸量大", now)
    reader.check(Phase.SCORING)
    for name in ("expert1", *COMMITTEE[2:]):
        stage.sign(name, stage.draft())
    stage.step(steps.step_results)
    reader.check(Phase.REPORT)
    for name in COMMITTEE:
        stage.sign_report(name)
    reader.check(Phase.RESULT)
    with stage.act() as now:
        until = results.start_publicity(stage.actor("owner"), stage.lot, [], now)
    reader.check(Phase.RESULT)
    stage.stage.now = until + seconds(1)
    with stage.act() as now:
        raw = awards.award_statement(lifecycle.lot_of(stage.lot), stage.bid_ids["bidder2"]).raw
        results.award(stage.actor("owner"), stage.lot, Signed(raw, keys.sign(raw, stage.stage.owner_key)), now)
    reader.check(Phase.AWARDED)
