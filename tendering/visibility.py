"""Who sees what of a tender, and when: allow-lists by viewer and state (architecture.md 5, no. 18)."""

from __future__ import annotations

from enum import StrEnum

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Forbidden, Words
from kernel.visibility import Table, alike, each
from tendering.lifecycle import unknown_tender
from tendering.models import Tender
from tendering.states import UNPUBLISHED, TenderState


class Viewer(StrEnum):
    PUBLIC = "public"
    PROJECT = "project"
    """People of the tender's owner, or of its agency, in that role."""
    MANAGER = "manager"
    """The management office, which seconds a cancellation where the owner works without an agency."""


PROJECT_ROLES = (Role.OWNER, Role.AGENCY)

_V, _ALWAYS = Viewer, frozenset(TenderState)
_PROJECT = each((_V.PROJECT,), _ALWAYS)
_OUT = _ALWAYS - UNPUBLISHED
_ALL = _PROJECT | each((_V.PUBLIC, _V.MANAGER), _OUT)
_OPEN = "《招标投标法》第十六条；《政府采购法》第十一条"
_HIDDEN = "《招标投标法》第二十二条；《招标投标法实施条例》第八十一条"

TABLE: Table[Viewer, TenderState] = Table(
    "tender",
    Words("招标项目", "Tender"),
    {
        _V.PUBLIC: Words("公众及其他人", "Public and everybody else"),
        _V.PROJECT: Words("招标人、代理机构", "Owner and agency"),
        _V.MANAGER: Words("交易管理机构", "Management office"),
    },
    {
        TenderState.DRAFT: Words("草稿", "Draft"),
        TenderState.FILED: Words("已备案", "Filed"),
        TenderState.PUBLISHED: Words("已发布", "Published"),
        TenderState.CANCELLED: Words("已终止", "Cancelled"),
    },
    {
        **alike(
            _ALL, _OPEN,
            code=("编号", "code"), project=("项目编号", "project"), trade=("交易类别", "trade"), method=("方式", "method"),
            title=("名称", "title"), region=("行政区划", "region"), pack=("法规包", "law pack"), pack_sha256=("法规包摘要", "hash of the pack"),
            practice=("演练", "practice"), state=("状态", "state"), published_at=("发布时间", "when published"), owner=("招标人", "owner"),
            agency=("代理机构", "agency"), notice=("公告", "notice"), notice_sha256=("公告摘要", "hash of the notice"),
            documents=("招标文件", "documents"), lots=("标段", "lots"), questions=("已答复问题", "answered questions"),
        ),
        **alike(
            _PROJECT, _HIDDEN,
            draft=("编制内容", "draft"), created_at=("建立时间", "when drafted"), keysets=("密钥组进度", "progress of keysets"),
            pending_questions=("待答复问题", "questions that wait"),
        ),
        **alike(
            _PROJECT | each((_V.MANAGER,), _OUT), "《招标投标法实施条例》第三十一条", approvals=("待确认事项", "approvals that wait"),
        ),
        **alike({}, _HIDDEN, downloads=("获取文件的人", "who took the documents")),
    },
)  # fmt: skip
"""Who took the documents stands in sealed facts alone, so that nobody learns who may bid (招标投标法 art. 22)."""


class Asking(StrEnum):
    """How far a question has come."""

    WAITING = "waiting"
    ANSWERED = "answered"


_ASKED = "《电子招标投标办法》第二十一条；《招标投标法》第二十二条"
QUESTION: Table[Viewer, Asking] = Table(
    "question",
    Words("提问", "Questions"),
    TABLE.viewers,
    {Asking.WAITING: Words("待答复", "Waiting"), Asking.ANSWERED: Words("已答复", "Answered")},
    {
        **alike(each((_V.PROJECT,), (Asking.WAITING,)), _ASKED, token=("办理码", "token")),
        **alike(
            each((_V.PROJECT,), Asking) | each((_V.PUBLIC, _V.MANAGER), (Asking.ANSWERED,)), _ASKED, question=("问题", "question"),
        ),
        **alike(
            each(Viewer, (Asking.ANSWERED,)), _ASKED,
            answer=("答复", "answer"), bears_on_bids=("是否影响投标", "whether it bears on bids"), answered_at=("答复时间", "when answered"),
        ),
        **alike({}, _ASKED, asker=("提问人", "who asked"), asked_at=("提问时间", "when it was asked")),
    },
)  # fmt: skip
"""Nobody on the platform learns who asked, nor when: the moment alone could tell."""


def viewer(tender: Tender, actor: Actor | None) -> Viewer:
    if actor is None:
        return Viewer.PUBLIC
    if of_project(tender, actor):
        return Viewer.PROJECT
    return Viewer.MANAGER if Role.MGR in actor.roles else Viewer.PUBLIC


def of_project(tender: Tender, actor: Actor) -> bool:
    """Whether the actor acts for the tender's owner or its agency."""
    if Role.OWNER in actor.roles and actor.organization_id == tender.owner_org:
        return True
    return Role.AGENCY in actor.roles and actor.organization_id == tender.agency_org


def fields(tender: Tender, actor: Actor | None) -> frozenset[str]:
    return TABLE.fields(viewer(tender, actor), TenderState(tender.state))


def check_seen(tender: Tender, actor: Actor | None) -> None:
    """A draft does not exist for anybody outside its project: NotFound, not Forbidden."""
    if not fields(tender, actor):
        raise unknown_tender()


def check_project(tender: Tender, actor: Actor, *roles: Role) -> Role:
    """The role in which the actor works on this tender; refused to anybody else."""
    check_seen(tender, actor)
    role = actor.act_as_any(*(roles or PROJECT_ROLES))
    if not of_project(tender, actor):
        raise Forbidden(
            "tender.not_yours",
            "您不是本项目的招标人或代理机构人员。",
            "You do not belong to this tender's owner or agency.",
            rule="rules.md 5.1",
        )
    return role
