"""G20: an opening that the law wants recorded begins without a recording only when two organizations let it pass."""

import pytest
from bidding_stage import seconds, staged
from bidding_web import opened_door
from tendering_stage import method, notice

from bidding import exceptions, lots, opening
from kernel import canonical, keys
from kernel.errors import Conflict, Forbidden
from supervision.recording_facts import ExceptionApproved
from tendering.contracts.course import told

REASON = "录像主机故障，备用设备明日方能送达"


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def door(stage):
    with opened_door(stage) as found:
        yield found


def sealed(stage, trade="procurement"):
    (row,) = notice(stage.now + seconds(60))["lots"]
    row["method"] = method(goods_or_services="services")
    lot = stage.lots(stage.published(pack=f"practice.{trade}.open", trade=trade, lots=[row]))[0]
    for name in "abc":
        stage.bid(lot, name)
    stage.run_to_close(lot)
    stage.run_until("sealed", lot)
    stage.run(4)
    return lot


def shown(door, stage, lot, query=""):
    """What the host's page asks to be signed of the recording."""
    text = door.get(f"/owner/lots/{lot}/opening/state{query}", stage.owner).get_data(as_text=True)
    raw = keys.unb64(text.partition('name="statement" value="')[2].partition('"')[0])
    return canonical.decode(raw)["recording"], text


@pytest.mark.parametrize(("trade", "signs"), [("procurement", "on"), ("construction", "none")])
def test_g20_the_host_signs_what_the_law_expects_and_no_less(stage, door, trade, signs):
    lot = sealed(stage, trade)
    assert shown(door, stage, lot)[0] == signs
    assert shown(door, stage, lot, "?recording=on")[0] == "on"
    assert shown(door, stage, lot, "?recording=overridden")[0] == signs


def test_g20_the_centre_asks_another_organization_approves_and_everybody_reads_why(stage, door):
    lot = sealed(stage)
    path = f"/lots/{lot}/exception"
    assert "没有例外" in door.get(path).get_data(as_text=True)
    short = door.post(path, stage.operator, data={"reason": "坏"})
    assert short.status_code == 422
    assert "4 至 2000 字" in short.get_data(as_text=True)
    assert door.post(path, stage.owner, data={"reason": REASON}).status_code in (403, 422)
    assert door.post(path, stage.operator, data={"reason": REASON}).status_code == 303
    assert REASON not in door.get(path).get_data(as_text=True)
    assert f"{path}" in door.get("/approvals", stage.supervising).get_data(as_text=True)
    assert "批准例外" in door.get(path, stage.supervising).get_data(as_text=True)
    assert "批准例外" not in door.get(path, stage.operator).get_data(as_text=True)
    assert shown(door, stage, lot, "?recording=overridden")[0] == "on"
    assert door.post(f"{path}/second", stage.supervising).status_code == 303
    assert REASON in door.get(path).get_data(as_text=True)
    assert "Approved" in door.get(f"{path}?lang=en").get_data(as_text=True)
    assert shown(door, stage, lot)[0] == "overridden"
    with stage.act(write=False):
        assert [row["reason"] for row in told(ExceptionApproved.kind, lot)] == [REASON]


def test_g20_one_that_nobody_seconded_is_taken_back_and_opens_nothing(stage, door):
    lot = sealed(stage)
    api = f"/api/v1/lots/{lot}/opening/exception"
    assert door.post(api, stage.operator, json={"words": REASON}).status_code == 201
    assert door.post(f"{api}/second", stage.owner).status_code == 403
    assert door.send("DELETE", api, stage.operator).status_code == 204
    assert door.post(f"{api}/second", stage.supervising).get_json()["code"] == "override.none"
    with stage.act(write=False), pytest.raises(Conflict, match="not_overridden"):
        exceptions.check(lots.find(lot), "overridden")
    with stage.act(write=False), pytest.raises(Conflict, match="recording"):
        exceptions.check(lots.find(lot), "none")


def test_g20_where_the_law_asks_for_no_recording_there_is_nothing_to_except(stage):
    lot = sealed(stage, "construction")
    with stage.act() as now, pytest.raises(Conflict, match="needless"):
        exceptions.propose(stage.operator, lot, REASON, now)


def test_g20_the_own_organization_does_not_second(stage):
    lot = sealed(stage)
    with stage.act() as now:
        exceptions.propose(stage.operator, lot, REASON, now)
    with stage.act() as now, pytest.raises(Forbidden):
        exceptions.second(stage.operator, lot, now)
    stage.start(lot)
    with stage.act(write=False):
        assert opening.of_lot(lot).started["recording"] == "on"
