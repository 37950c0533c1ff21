"""Who sees what of a list of those invited, and when: before the opening nobody outside the project learns who may bid."""

from __future__ import annotations

from enum import StrEnum

from accounts.actor import Actor
from kernel.errors import Words
from kernel.visibility import Table, alike, each, since
from tendering.invitations.door import is_invited
from tendering.models import Tender
from tendering.states import STILL_SHUT
from tendering.visibility import of_project


class Viewer(StrEnum):
    PROJECT = "project"
    INVITED = "invited"
    """An invited organization: its own invitation."""
    PUBLIC = "public"


class Stage(StrEnum):
    """In the order of its life."""

    PREPARED = "prepared"
    PUBLISHED = "published"
    OPENED = "opened"


_V = Viewer
_LAW = "《招标投标法》第十七条、第二十二条；财政部令第87号第十四条"

TABLE: Table[Viewer, Stage] = Table(
    "invitation",
    Words("邀请名单", "List of those invited"),
    {
        _V.PROJECT: Words("招标人、代理机构", "Owner and agency"),
        _V.INVITED: Words("受邀单位（本单位）", "An invited party (its own)"),
        _V.PUBLIC: Words("公众及其他人", "Public and everybody else"),
    },
    {
        Stage.PREPARED: Words("公告前", "Before the notice"),
        Stage.PUBLISHED: Words("接收投标", "Taking bids"),
        Stage.OPENED: Words("已开标", "Opened"),
    },
    {
        **alike(
            each((_V.PROJECT,), Stage), _LAW,
            names=("名单", "names"), grounds=("产生方式", "how each came onto it"), witnesses=("抽取见证人", "who watched the draw"),
        ),
        **alike(each((_V.PROJECT,), since(Stage.OPENED)), _LAW, accepts=("谁接受邀请", "who accepted")),
        **alike(each((_V.INVITED,), since(Stage.PUBLISHED)), _LAW, own=("本单位的邀请和答复", "one's own invitation and answer")),
    },
)  # fmt: skip


def viewer(tender: Tender, actor: Actor | None) -> Viewer:
    if actor is None:
        return Viewer.PUBLIC
    if of_project(tender, actor):
        return Viewer.PROJECT
    return Viewer.INVITED if is_invited(tender, actor.organization_id) else Viewer.PUBLIC


def stage(tender: Tender) -> Stage:
    if tender.unpublished:
        return Stage.PREPARED
    return Stage.PUBLISHED if any(lot.state in STILL_SHUT for lot in tender.lots) else Stage.OPENED


def fields(tender: Tender, actor: Actor | None) -> frozenset[str]:
    return TABLE.fields(viewer(tender, actor), stage(tender))
