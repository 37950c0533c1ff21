"""What a single source and its purchaser agree: written, signed by the supplier, signed by the purchaser (N12.team)."""

from __future__ import annotations

from kernel import money
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.world import MismatchError, World
from tendering.agreement import reading, service
from tendering.agreement.rules import Agreed, Member
from tendering.lifecycle import lot_of

TEAM = (
    Member("张立新", "高级工程师", "青山县教育局", "教学设备采购十二年"),
    Member("王敏", "会计师", "青山县教育局", "采购成本核算八年"),
)
SAID = {
    "held": "二〇二六年三月二十日，县公共资源交易中心谈判室",
    "grounds": "供应商提供成本明细；同类接口模块近两年三份合同单价相当，含一项专利使用费。",
    "quality": "与原系统完全兼容，质保三年。",
    "terms": "签订合同后三十日内交付，验收合格后一次付清。",
}


@do("agree_price")
def agree_price(world: World, by: Person, price: str, lot: int = 1) -> str:
    """The project writes down what people with experience agreed with the supplier."""
    with world.act() as now:
        service.write(by.actor, world.code(lot), Agreed(members=TEAM, price=money.parse(price), **SAID), now)
    return f"协商记录：商定 {price} 元"


@do("confirm_price")
def confirm_price(world: World, by: Person, lot: int = 1) -> str:
    """The supplier signs the agreed price."""
    raw = _file(world, lot)
    with world.act() as now:
        service.confirm(by.actor, world.code(lot), by.sign(raw), by.cert, now)
    return f"{by.name} 签署商定价格"


@do("sign_price")
def sign_price(world: World, by: Person, lot: int = 1) -> str:
    """The purchaser signs last."""
    raw = _file(world, lot)
    with world.act() as now:
        service.sign(by.actor, world.code(lot), by.sign(raw), now)
    world.breathe()
    return "采购人签署协商情况记录"


def _file(world: World, lot: int) -> bytes:
    with world.act(write=False):
        found = reading.of(lot_of(world.code(lot)))
    if found is None:
        raise MismatchError("nothing was agreed yet")
    return found.file
