"""A draft by invitation on a stage, with a list, a draw and a single source's publicity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kernel import clock
from tendering import service as tendering
from tendering.invitations import service, source, steps
from tendering.invitations.models import InvitationList, SourcePublicity
from tendering.invitations.rules import Ground, List, Listed
from tests.bidding_stage import BiddingStage
from tests.tendering_stage import method, seconds

INVITED = {"method_ground": "few_bidders", "ground_approval": "青发改〔2026〕77号", "invitees": 3}
PROCURED: dict[str, Any] = {
    "trade": "procurement",
    "title": "青山县中学教学用计算机采购",
    "project_name": "教学用计算机采购",
    "consortium_allowed": False,
}


def terms(stage: BiddingStage, **changes: Any) -> dict[str, Any]:
    goods = method(goods_or_services="goods", max_price="900000.00", **changes)
    closes = (stage.now + seconds(90)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"lots": [{"name": "第一包", "ceiling": "900000.00", "closes_at": closes, "method": goods}]}


def construction(stage: BiddingStage, **changes: Any) -> str:
    return stage.draft(**{"pack": "practice.construction.invited", **INVITED, **changes})


def inquiry(stage: BiddingStage, **changes: Any) -> str:
    said = {**PROCURED, "pack": "practice.procurement.inquiry", **INVITED, "method_ground": "standard_goods"}
    return stage.draft(**{**said, **terms(stage), **changes})


def invitation(stage: BiddingStage, **changes: Any) -> str:
    said = {**PROCURED, "pack": "practice.procurement.invited", **INVITED, "method_ground": "few_suppliers"}
    return stage.draft(**{**said, **terms(stage), **changes})


def single(stage: BiddingStage, **changes: Any) -> str:
    said = {**PROCURED, "pack": "practice.procurement.single_source", **INVITED, "method_ground": "only_one"}
    return stage.draft(**{**said, **terms(stage, minimum_valid=1), **changes})


def named(stage: BiddingStage, names: Sequence[str], *grounds: Ground, draw: int | None = None) -> List:
    codes = [stage.bidder_of(name).actor.uscc for name in names]
    rows = [Listed(code, grounds[n % len(grounds)]) for n, code in enumerate(codes)]
    return List(rows, draw, ("张三", "李四"))


def put(stage: BiddingStage, code: str, given: List, actor: str = "owner") -> InvitationList:
    with stage.act() as now:
        return service.put(stage.actors[actor], tendering.tender_of(code), given, now)


def fix(stage: BiddingStage, code: str, actor: str = "owner") -> InvitationList:
    with stage.act() as now:
        return service.fix(stage.actors[actor], tendering.tender_of(code), now)


def invite(stage: BiddingStage, code: str, names: Sequence[str], *grounds: Ground, draw: int | None = None) -> None:
    put(stage, code, named(stage, names, *(grounds or (Ground.OWN,)), draw=draw))
    fix(stage, code)


def draws(stage: BiddingStage, limit: int = 20) -> None:
    """Let the log grow and the clock draw."""
    for _ in range(limit):
        stage.run()
        with clock.at(stage.now):
            if steps.step_draws(stage.now):
                return
    raise AssertionError("nothing was drawn")


def listed(stage: BiddingStage, code: str) -> InvitationList:
    with stage.act(write=False):
        found = service.of(tendering.tender_of(code))
        assert found is not None
        return found


def out(stage: BiddingStage, code: str) -> str:
    """Publish the draft; the code of its one lot."""
    stage.document(code)
    stage.keyed(code)
    stage.publish(code)
    return stage.lots(code)[0]


def publicize(stage: BiddingStage, code: str, reasons: str = "只有该供应商持有此设备的接口专利") -> SourcePublicity:
    with stage.act() as now:
        return source.publish(stage.owner, tendering.tender_of(code), reasons, now)
