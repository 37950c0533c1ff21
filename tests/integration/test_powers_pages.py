"""The page of powers, what waits for a second, a failed lot's page and a lot's directives, as people see them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from accounts.roles import OrgKind, Role
from kernel import keys
from oversight import directive_pages, directives
from tendering import powers, rounds, service
from tendering.approvals import Act
from tendering.states import CLOCK, LotEvent
from tests.tendering_stage import Stage, _actor, seconds, staged
from tests.tendering_web import opened_door


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        with found.act():
            found.actors["inspector"] = _actor("inspector", OrgKind.SUPERVISOR, Role.INSP, "113501001118038216")
        yield found


@pytest.fixture
def web(stage: Stage) -> FlaskClient:
    from flask import current_app

    current_app.register_blueprint(directive_pages.pages)
    return opened_door(stage)


@pytest.fixture
def lot(stage: Stage) -> str:
    return stage.lots(stage.published())[0]


def seen(web: FlaskClient, path: str, who: str | None = None, language: str = "zh") -> str:
    headers = {"X-Test-Language": language, **({"X-Test-Actor": who} if who else {})}
    answer = web.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def moves(stage: Stage, lot: str, *events: LotEvent) -> None:
    for event in events:
        with stage.act() as now:
            service.move(service.lot_of(lot), event, CLOCK, now)


def told(stage: Stage, lot: str) -> dict[str, powers.Power]:
    with stage.act(write=False) as now:
        return {power.name: power for power in powers.of_lot(service.lot_of(lot), now)}


def test_powers_ask_the_same_rules_as_the_acts(stage: Stage, lot: str) -> None:
    found = told(stage, lot)
    assert {name for name, power in found.items() if power.possible} >= {
        "bid",
        "question",
        "extend",
        "suspend",
        "cancel",
        "void",
    }
    assert found["resume"].refusal.code == "lot.not_suspended"
    assert found["close"].refusal.code == "deadline.ahead"
    assert found["award"].refusal.code == "state.wrong"
    assert found["answer"].refusal.code == "question.none"
    assert all(power.law for power in found.values())
    assert all(power.refusal.rule for power in found.values() if power.refusal is not None)


def test_powers_change_with_the_clock(stage: Stage, lot: str) -> None:
    stage.now += seconds(61)
    found = told(stage, lot)
    assert found["close"].possible
    assert found["bid"].refusal.code == "deadline.passed"
    moves(stage, lot, LotEvent.CLOSE, LotEvent.TOO_FEW)
    found = told(stage, lot)
    assert found["retender"].refusal.code == "round.unprepared"
    assert not found["void"].possible
    assert not found["cancel"].possible


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_reads_who_may_do_what(stage: Stage, lot: str, web: FlaskClient, language: str) -> None:
    text = seen(web, f"/tenders/{lot[:20]}/powers", language=language)
    assert ("谁能做什么" in text) is (language == "zh")
    assert ("Who may do what" in text) is (language == "en")
    assert 'href="/desk/' not in text


def test_who_is_signed_in_sees_what_is_open_to_them(stage: Stage, lot: str, web: FlaskClient) -> None:
    path = f"/tenders/{lot[:20]}/powers"
    assert f'href="/desk/{lot}"' in seen(web, path, "bidder")
    assert f"/owner/tenders/{lot[:20]}#{lot}" in seen(web, path, "owner")
    assert f'href="/owner/tenders/{lot[:20]}#' not in seen(web, path, "other_owner")
    assert f'href="/lots/{lot}/directives"' in seen(web, path, "supervising")


def test_nobody_outside_reads_of_a_draft(stage: Stage, web: FlaskClient) -> None:
    code = stage.draft()
    assert web.get(f"/tenders/{code}/powers").status_code == 404
    seen(web, f"/tenders/{code}/powers", "owner")


def test_what_waits_for_a_second_is_listed_for_who_may_give_it(stage: Stage, lot: str, web: FlaskClient) -> None:
    with stage.act() as now:
        service.cancel(stage.owner, service.tender_of(lot[:20]), "项目立项被撤销。", now)
    assert "项目立项被撤销。" in seen(web, "/approvals", "manager")
    for who in ("owner", "bidder", "supervising", "agency", "other_owner"):
        assert "项目立项被撤销。" not in seen(web, "/approvals", who)


def test_a_failed_lots_page_leads_to_the_next_round(stage: Stage, lot: str, web: FlaskClient) -> None:
    moves(stage, lot, LotEvent.CLOSE, LotEvent.TOO_FEW)
    path, owner = f"/owner/lots/{lot}/next", {"X-Test-Actor": "owner"}
    assert "不足法定家数" in seen(web, path, "owner")
    assert "不足法定家数" in seen(web, f"/tenders/{lot[:20]}")
    short = web.post(path, data={"choice": "again", "reasons": "少", "changes": "无"}, headers=owner)
    assert short.status_code == 422
    assert "第四十三条" in short.text
    words = {"reasons": "资质要求过高，报名单位不足。", "changes": "资质由二级改为三级，工期延长。"}
    done = web.post(path, data={"choice": "again", **words}, headers=owner)
    assert done.status_code == 303
    assert "继续编制下一轮" in seen(web, path, "owner")
    with stage.act(write=False):
        assert done.headers["Location"].endswith(rounds.next_of(service.lot_of(lot)).tender.code)
    assert web.get(path, headers={"X-Test-Actor": "bidder"}).status_code == 403


def test_t29_a_directive_is_signed_and_seconded_on_the_lots_page(stage: Stage, lot: str, web: FlaskClient) -> None:
    path, sup = f"/lots/{lot}/directives", {"X-Test-Actor": "supervising"}
    assert ">签署指令<" in seen(web, path, "supervising")
    for who in (None, "owner", "inspector"):
        assert ">签署指令<" not in seen(web, path, who)
    typed = {"act": "void", "reasons": "投诉查实，招标文件违法。", "law": "《招标投标法实施条例》第八十一条"}
    sheet = web.post(f"{path}/prepare", data=typed, headers=sup).get_json()
    raw = keys.unb64(sheet["statements"][0])
    assert "投诉查实" in sheet["words"][0]
    signature = keys.b64(keys.sign(raw, stage.nodes["supervisor"].private))
    assert web.post(path, data={"statement": keys.b64(raw)}, headers=sup).status_code == 422
    assert web.post(path, data={"statement": keys.b64(raw), "signature": signature}, headers=sup).status_code == 303
    assert "投诉查实" not in seen(web, path)
    assert "投诉查实" in seen(web, path, "inspector")
    assert f"/lots/{lot}/directives" in seen(web, "/approvals", "inspector")
    assert web.post(f"{path}/void/second", headers=sup).status_code == 422
    assert web.post(f"{path}/void/second", headers={"X-Test-Actor": "inspector"}).status_code == 303
    assert stage.lot(lot).state == "voided"
    assert "投诉查实" in seen(web, path)
    with stage.act(write=False):
        assert directives.waiting(service.lot_of(lot), Act.VOID) is None
