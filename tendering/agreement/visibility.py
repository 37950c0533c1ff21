"""Who sees what of an agreement with a single source: its grounds are the parties', price and team become public."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Words
from kernel.visibility import Table, alike, each, since
from tendering.agreement import reading
from tendering.agreement.models import SourceAgreement
from tendering.invitations.door import is_invited
from tendering.models import Lot
from tendering.visibility import of_project


class Viewer(StrEnum):
    PROJECT = "project"
    SUPPLIER = "supplier"
    AUTHORITY = "authority"
    PUBLIC = "public"


class Stage(StrEnum):
    """In the order of its life."""

    WRITTEN = "written"
    SIGNED = "signed"
    AWARDED = "awarded"


_V = Viewer
_PARTIES = (_V.PROJECT, _V.SUPPLIER, _V.AUTHORITY)
_SECRET = "《政府采购法》第十一条；财政部令第74号 第四十二条"  # noqa: S105  a law about secrets
_TOLD = "财政部令第74号 第十八条"

TABLE: Table[Viewer, Stage] = Table(
    "agreement",
    Words("单一来源协商情况记录", "Agreement with a single source"),
    {
        _V.PROJECT: Words("采购人、代理机构", "Purchaser and agency"),
        _V.SUPPLIER: Words("该供应商", "The supplier"),
        _V.AUTHORITY: Words("监督、监察部门", "Supervision and inspection"),
        _V.PUBLIC: Words("公众及其他人", "Public and everybody else"),
    },
    {
        Stage.WRITTEN: Words("已记录", "Written"),
        Stage.SIGNED: Words("双方已签", "Signed by both"),
        Stage.AWARDED: Words("已成交", "Awarded"),
    },
    {
        **alike(each(_PARTIES, Stage), _SECRET, record=("成本、同类合同价格和条款", "cost, similar contracts and terms")),
        **alike(each(_PARTIES, Stage) | each((_V.PUBLIC,), since(Stage.SIGNED)), _TOLD, price=("商定价格", "agreed price")),
        **alike(each(_PARTIES, Stage) | each((_V.PUBLIC,), (Stage.AWARDED,)), _TOLD, members=("采购人员名单", "who agreed it")),
    },
)  # fmt: skip


def viewer(lot: Lot, actor: Actor | None) -> Viewer:
    if actor is None:
        return Viewer.PUBLIC
    if of_project(lot.tender, actor):
        return Viewer.PROJECT
    if Role.BIDDER in actor.roles and is_invited(lot.tender, actor.organization_id):
        return Viewer.SUPPLIER
    return Viewer.AUTHORITY if actor.roles & {Role.SUP, Role.INSP} else Viewer.PUBLIC


def stage(lot: Lot, found: SourceAgreement) -> Stage:
    if lot.decided:
        return Stage.AWARDED
    return Stage.SIGNED if found.stands else Stage.WRITTEN


def shown(lot: Lot, actor: Actor | None) -> dict[str, Any]:
    """What the actor sees of the lot's agreement; empty where that is nothing."""
    found = reading.of(lot)
    if found is None:
        return {}
    said = reading.content(found)
    values = {"record": said, "price": found.price, "members": said["members"]}
    return TABLE.shown(viewer(lot, actor), stage(lot, found), values)
