"""Who sees what of a pre-qualification, and when: before the deadline nobody learns who applied or how many (《招标投标法》第二十二条)."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Words
from kernel.visibility import Table, alike, since
from tendering import visibility
from tendering.models import Lot
from tendering.prequal import committee
from tendering.states import LotState


class Viewer(StrEnum):
    APPLICANT = "applicant"
    REVIEWER = "reviewer"
    """A seated member; owner and agency where the law lets them review."""
    PROJECT = "project"
    """Owner and agency where a committee reviews."""
    OPS = "ops"
    OTHER = "other"
    """Everybody else: the public, other applicants, supervisors, money and technicians."""


class Phase(IntEnum):
    """Where the lot's pre-qualification stands."""

    TAKING = 0
    WAITING = 1
    """Closed, and the committee is not seated yet."""
    REVIEW = 2
    GIVEN = 3


_LAW = "《招标投标法》第二十二条"
_OWN = {Viewer.APPLICANT: frozenset(Phase)}
_DESKS = {**_OWN, Viewer.REVIEWER: frozenset({Phase.REVIEW}), Viewer.PROJECT: frozenset({Phase.REVIEW})}
TABLE: Table[Viewer, Phase] = Table(
    "prequalification",
    Words("资格预审申请", "Applications to pre-qualify"),
    {
        Viewer.APPLICANT: Words("申请人本人", "The applicant itself"),
        Viewer.REVIEWER: Words("审查人员", "Who reviews"),
        Viewer.PROJECT: Words("招标人和代理机构", "Owner and agency"),
        Viewer.OPS: Words("中心业务人员", "Centre's operators"),
        Viewer.OTHER: Words("其他任何人", "Everybody else"),
    },
    {
        Phase.TAKING: Words("接收申请", "Taking applications"),
        Phase.WAITING: Words("待组成审查委员会", "No committee yet"),
        Phase.REVIEW: Words("审查", "Under review"),
        Phase.GIVEN: Words("结果已通知", "Result given"),
    },
    {
        **alike(_DESKS, _LAW, name=("申请人", "applicant"), answers=("申报内容", "answers"), files=("材料", "papers")),
        **alike(
            {Viewer.REVIEWER: frozenset({Phase.REVIEW}), Viewer.PROJECT: frozenset({Phase.REVIEW})},
            "《招标投标法实施条例》第十八条",
            findings=("审查意见", "findings"),
        ),
        **alike(
            {Viewer.APPLICANT: since(Phase.GIVEN)},
            "《招标投标法实施条例》第十九条",
            passed=("审查结果", "result"),
            reasons=("未通过的理由", "reasons for not passing"),
        ),
        **alike({Viewer.OPS: since(Phase.REVIEW)}, "《招标投标法》第三十七条", members=("审查委员会成员", "committee's members")),
    },
)  # fmt: skip


def viewer(actor: Actor, lot: Lot) -> Viewer:
    """In which part somebody comes to the desk; an applicant's own page is its own."""
    seated, takes = committee.members_of(lot), committee.takes_committee(lot.tender)
    project = visibility.of_project(lot.tender, actor)
    if actor.person_id in seated if takes else project:
        return Viewer.REVIEWER
    if project:
        return Viewer.PROJECT
    return Viewer.OPS if Role.OPS in actor.roles else Viewer.OTHER


def phase(lot: Lot) -> Phase:
    if lot.state == LotState.PREQUAL:
        return Phase.TAKING
    if lot.state != LotState.PREQUAL_REVIEW:
        return Phase.GIVEN
    waiting = committee.takes_committee(lot.tender) and not committee.members_of(lot)
    return Phase.WAITING if waiting else Phase.REVIEW


def may_see(actor: Actor, lot: Lot, name: str) -> bool:
    """Whether the desk shows this field to this person now."""
    return TABLE.may_see(viewer(actor, lot), phase(lot), name)
