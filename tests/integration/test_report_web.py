"""The evaluation report and the committee's time on pages and by API: members, centre, owner, everybody."""

from __future__ import annotations

import pytest

from evaluation import steps
from kernel import canonical, keys
from tests.evaluation_stage import COMMITTEE, evaluation_staged
from tests.evaluation_web import checked, opened_door
from tests.tendering_stage import seconds


class Door:
    """One stage and its client."""

    def __init__(self, stage):
        self.stage, self.client = stage, opened_door(stage)

    def ask(self, method, path, who=None, language="zh", **sent):
        headers = {"X-Test-Language": language} | ({"X-Test-Actor": who} if who else {})
        return self.client.open(path, method=method, headers=headers, **sent)

    def page(self, path, who=None, language="zh"):
        answer = self.ask("GET", path.format(lot=self.stage.lot), who, language)
        assert answer.status_code == 200, answer.text
        return checked(answer.text)

    def post(self, path, who, **data):
        return self.ask("POST", path.format(lot=self.stage.lot), who, data={"csrf_token": "token", **data})

    def api(self, method, path, who=None, **sent):
        return self.ask(method, f"/api/v1/lots/{self.stage.lot}{path}", who, **sent)

    def signed(self, name, raw):
        said = self.stage.signed(name, raw)
        return {"file": keys.b64(said.raw), "sig": keys.b64(said.sig), "cert": keys.b64(self.stage.keys[name][1])}


@pytest.fixture
def door(tmp_path):
    with evaluation_staged(tmp_path) as stage:
        stage.scoring()
        yield Door(stage)


@pytest.fixture
def proposed(door):
    for name in COMMITTEE:
        door.stage.sign(name, door.stage.draft())
    assert door.stage.step(steps.step_results)
    return door


def test_c47_signatures_a_member_reads_the_result_and_signs_with_a_dissent_on_its_page(proposed):
    room = proposed.page("/evaluate/{lot}", "expert1")
    assert "下一步：签署评标报告" in room
    page = proposed.page("/evaluate/{lot}/report", "expert1")
    assert "全部有效投标的排名" in page
    assert "data-sign" in page
    answer = proposed.post("/evaluate/{lot}/report/statement", "expert1", dissent="业绩<b>认定</b>有误")
    raw = keys.unb64(answer.json["statements"][0])
    assert canonical.decode(raw)["dissent"] == "业绩<b>认定</b>有误"
    assert "业绩<b>认定</b>有误" in answer.json["words"][0]
    sent = proposed.signed("expert1", raw)
    sent = {"statement": sent["file"], "signature": sent["sig"], "cert": sent["cert"]}
    assert proposed.post("/evaluate/{lot}/report", "expert1", **sent).status_code == 303
    assert "您已签署评标报告" in proposed.page("/evaluate/{lot}/report", "expert1")
    for name in COMMITTEE[1:]:
        proposed.stage.sign_report(name)
    assert "业绩&lt;b&gt;认定&lt;/b&gt;有误" in proposed.page("/lots/{lot}/result")


def test_c47_signatures_too_long_a_dissent_and_no_signature_are_refused_on_the_page(proposed):
    answer = proposed.post("/evaluate/{lot}/report/statement", "expert1", dissent="长" * 2001)
    assert (answer.status_code, answer.json["code"]) == (422, "report.dissent")
    answer = proposed.post("/evaluate/{lot}/report", "expert1")
    assert answer.status_code == 422
    assert "没有收到签名" in checked(answer.text)


def test_c47_signatures_by_api_each_builds_its_own_statement(proposed):
    from evaluation.report import rules

    assert proposed.api("GET", "/report").status_code == 404
    for name in COMMITTEE:
        told = proposed.api("GET", "/report", name).json
        raw = rules.statement(proposed.stage.lot, told["sha256"], told["alias"], None)
        assert proposed.api("POST", "/report/signatures", name, json=proposed.signed(name, raw)).status_code == 204
    told = proposed.api("GET", "/report").json
    assert {one["standing"] for one in told["members"]} == {"signed"}
    assert proposed.api("GET", "/result").status_code == 200


def test_c47_signatures_the_centre_records_silence_on_its_page_and_by_api(proposed):
    for name in COMMITTEE[:-2]:
        proposed.stage.sign_report(name)
    waiting = [
        one["alias"]
        for one in proposed.api("GET", "/report", "operator").json["members"]
        if one["standing"] == "waiting"
    ]
    page = proposed.page("/ops/committees/{lot}/report", "operator")
    assert f"记录 {waiting[0]} 拒绝签字" in page
    early = proposed.post("/ops/committees/{lot}/silence", "operator", alias=waiting[0])
    assert early.status_code == 422
    assert "签署时限未到" in checked(early.text)
    assert proposed.api("POST", "/report/silences", "owner", json={"alias": waiting[0]}).status_code == 403
    proposed.stage.stage.now += seconds(10)
    assert proposed.post("/ops/committees/{lot}/silence", "operator", alias=waiting[0]).status_code == 303
    assert proposed.api("POST", "/report/silences", "operator", json={"alias": waiting[1]}).status_code == 204
    assert "拒绝签字且未说明理由，视为同意" in proposed.page("/lots/{lot}/result")


def test_c41_members_press_the_owner_is_led_to_its_answer_and_extends(door):
    assert "时间不够" in door.page("/evaluate/{lot}/time", "expert1")
    refused = door.post("/evaluate/{lot}/time", "expert1", reason=" ")
    assert refused.status_code == 422
    assert "请写明时间不够的理由" in checked(refused.text)
    assert door.post("/evaluate/{lot}/time", "expert1", reason="图纸量大").status_code == 303
    assert door.api("POST", "/evaluation-time/short", "expert2", json={"reason": "样品多"}).status_code == 204
    assert "/evaluation-time" in door.page("/owner/lots/{lot}/award", "owner")
    page = door.page("/owner/lots/{lot}/evaluation-time", "owner")
    assert "图纸量大" not in page
    assert "延长评审时间" in page
    for typed in ("", "soon", "2026-01-01T00:00:00"):
        assert door.post("/owner/lots/{lot}/evaluation-time", "owner", ends_at=typed).status_code == 422
    assert "图纸量大" in door.page("/ops/committees/{lot}/report", "operator")
    was = door.api("GET", "/evaluation-time").json["ends_at"]
    later = was.replace("2026", "2027", 1)
    assert door.api("POST", "/evaluation-time/extension", "owner", json={"ends_at": later}).status_code == 422
    from kernel.clock import parse_rfc3339, rfc3339

    end = rfc3339(parse_rfc3339(was) + seconds(3600))
    assert door.api("POST", "/evaluation-time/extension", "owner", json={"ends_at": end}).json["ends_at"] == end
    assert "评委没有要求延长评审时间" in door.page("/owner/lots/{lot}/evaluation-time", "owner")


def test_c41_the_centre_sets_the_end_on_its_page_only_before_the_evaluation(door):
    assert 'name="ends_at"' not in door.page("/ops/committees/{lot}/report", "operator")
    sent = {"ends_at": "2026-12-31T00:00:00Z"}
    assert door.api("PUT", "/evaluation-time", "operator", json=sent).status_code == 409
    assert door.ask("GET", f"/owner/lots/{door.stage.lot}/evaluation-time", "other_owner").status_code in (403, 404)
