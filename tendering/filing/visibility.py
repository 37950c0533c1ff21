"""Who reads a filed plan: the project, the departments it was filed with and the management office; nobody else, ever."""

from __future__ import annotations

from enum import StrEnum

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Words
from kernel.visibility import Table, alike, each
from tendering.filing.models import Plan
from tendering.visibility import of_project


class Viewer(StrEnum):
    PROJECT = "project"
    DEPARTMENT = "department"
    """People of a department with which this plan was filed."""
    MANAGER = "manager"
    PUBLIC = "public"


class Stage(StrEnum):
    FILED = "filed"
    RETURNED = "returned"
    PUBLISHED = "published"
    """Its notice is out."""


_V, _ALWAYS = Viewer, frozenset(Stage)
_LAW = "发改法规规〔2022〕1117号（一）；《招标投标法》第二十二条"
_READERS = each((_V.PROJECT, _V.DEPARTMENT, _V.MANAGER), _ALWAYS)

TABLE: Table[Viewer, Stage] = Table(
    "filing",
    Words("备案", "Filing"),
    {
        _V.PROJECT: Words("招标人、代理机构", "Owner and agency"),
        _V.DEPARTMENT: Words("收件部门", "Departments it was filed with"),
        _V.MANAGER: Words("交易管理机构", "Management office"),
        _V.PUBLIC: Words("公众及其他人", "Public and everybody else"),
    },
    {
        Stage.FILED: Words("已备案", "Filed"),
        Stage.RETURNED: Words("已退回", "Returned"),
        Stage.PUBLISHED: Words("公告已发布", "Notice published"),
    },
    {
        **alike(
            _READERS, _LAW,
            content=("招标计划", "plan"), reviews=("部门意见", "what departments said"), return_reason=("退回理由", "why it was returned"),
        ),
        **alike(each((_V.DEPARTMENT, _V.MANAGER), _ALWAYS), _LAW, signs=("拆分迹象", "signs of splitting")),
    },
)  # fmt: skip


def viewer(plan: Plan, actor: Actor) -> Viewer:
    if of_project(plan.tender, actor):
        return Viewer.PROJECT
    if Role.MGR in actor.roles:
        return Viewer.MANAGER
    named = any(row.organization_id == actor.organization_id for row in plan.reviews)
    return Viewer.DEPARTMENT if named and actor.roles & {Role.SUP, Role.INSP} else Viewer.PUBLIC


def stage(plan: Plan) -> Stage:
    if plan.returned_at is not None:
        return Stage.RETURNED
    return Stage.FILED if plan.tender.unpublished else Stage.PUBLISHED


def fields(plan: Plan, actor: Actor) -> frozenset[str]:
    return TABLE.fields(viewer(plan, actor), stage(plan))
