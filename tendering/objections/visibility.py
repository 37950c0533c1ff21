"""Who sees what of an objection, and when: the allow-list by viewer and stage, and what each name on it shows."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Words
from kernel.visibility import Table, alike, each
from tendering import drafts
from tendering.models import Lot
from tendering.objections.models import Objection
from tendering.objections.rules import EFFECT_WORDS, SORT_WORDS, SUBJECT_WORDS, Effect, Sort, Subject
from tendering.states import ENDED, STILL_SHUT
from tendering.visibility import of_project


class Viewer(StrEnum):
    PUBLIC = "public"
    PROJECT = "project"
    """People of the tender's owner or its agency."""
    AUTHORITY = "authority"
    """The supervising authority and the inspectors."""
    OWN = "own"
    """The organization that raised it."""


class Stage(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    MOOT = "moot"
    """The lot ended before a reply."""


_LAW = "《招标投标法实施条例》第二十二条、第四十四条、第五十四条；财政部令第94号第十三条"
_NAMELESS = "《电子招标投标办法》第二十一条；《招标投标法》第二十二条"
_V, _S, _ALWAYS = Viewer, Stage, frozenset(Stage)
_PARTIES = each((_V.PROJECT, _V.AUTHORITY, _V.OWN), _ALWAYS)

TABLE: Table[Viewer, Stage] = Table(
    "objection",
    Words("异议、质疑、询问", "Objections, queries and inquiries"),
    {
        _V.PUBLIC: Words("公众", "Public"),
        _V.PROJECT: Words("招标人、代理机构", "Owner and agency"),
        _V.AUTHORITY: Words("监督、监察部门", "Supervision and inspection"),
        _V.OWN: Words("提出人", "Whoever raised it"),
    },
    {
        _S.OPEN: Words("待答复", "Open"),
        _S.ANSWERED: Words("已答复", "Answered"),
        _S.WITHDRAWN: Words("已撤回", "Withdrawn"),
        _S.MOOT: Words("标段已终结", "Lot ended before a reply"),
    },
    {
        **alike(
            each(_V, _ALWAYS), _LAW,
            number=("编号", "number"), lot=("标段", "lot"), sort=("种类", "sort"), subject=("针对事项", "subject"),
            raised_at=("提出时间", "when raised"), due_at=("答复期限", "reply due"), warn_at=("预警时间", "warning at"),
            stage=("办理状态", "stage"), suspends=("是否暂停", "whether it suspends"),
        ),
        **alike(
            _PARTIES | each((_V.PUBLIC,), (_S.ANSWERED,)), _LAW,
            text=("事实和理由", "text"), demand=("请求", "demand"),
        ),
        **alike(
            each(_V, (_S.ANSWERED,)), _LAW,
            answer=("答复", "reply"), effect=("处理结果", "effect"), answered_at=("答复时间", "when answered"),
        ),
        **alike(
            _PARTIES, _LAW,
            evidence=("证明材料", "evidence"), holds_contract=("暂停签约", "holds up the contract"), withdrawn_at=("撤回时间", "when withdrawn"),
        ),
        **alike(each((_V.OWN,), _ALWAYS), _NAMELESS, token=("查询码", "token")),
        **alike(_PARTIES, _NAMELESS, frozenset({_V.PROJECT, _V.AUTHORITY}), party=("提出人名称", "who raised it")),
    },
)  # fmt: skip
"""The name of the party is learned only once the lot's bids are open (20号令 art. 21, C05)."""


def viewer(row: Objection, actor: Actor | None) -> Viewer:
    if actor is None:
        return Viewer.PUBLIC
    if row.organization_id == actor.organization_id:
        return Viewer.OWN
    if of_project(row.lot.tender, actor):
        return Viewer.PROJECT
    return Viewer.AUTHORITY if actor.roles & {Role.SUP, Role.INSP} else Viewer.PUBLIC


def stage(row: Objection) -> Stage:
    if row.answered_at is not None:
        return Stage.ANSWERED
    if row.withdrawn_at is not None:
        return Stage.WITHDRAWN
    return Stage.MOOT if row.lot.state in ENDED else Stage.OPEN


def fields(row: Objection, who: Viewer) -> frozenset[str]:
    return TABLE.fields(who, stage(row), opened=_is_open_to_all(row.lot))


def seen(row: Objection, who: Viewer) -> dict[str, Any]:
    """What this viewer may see of it now, and nothing else."""
    return {name: PARTS[name](row) for name in sorted(fields(row, who))}


def _is_open_to_all(lot: Lot) -> bool:
    return lot.state not in STILL_SHUT and lot.opened


def _evidence(row: Objection) -> dict[str, Any] | None:
    if row.evidence_name is None:
        return None
    return {"name": row.evidence_name, "size": row.evidence_size, "sha256": row.evidence_sha256}


PARTS: dict[str, Callable[[Objection], Any]] = {
    "number": lambda row: row.number,
    "token": lambda row: row.token,
    "lot": lambda row: row.lot.code,
    "sort": lambda row: SORT_WORDS[Sort(row.sort)],
    "subject": lambda row: SUBJECT_WORDS[Subject(row.subject)],
    "raised_at": lambda row: row.raised_at,
    "warn_at": lambda row: row.warn_at,
    "due_at": lambda row: row.due_at,
    "stage": stage,
    "suspends": lambda row: row.suspends,
    "text": lambda row: row.text,
    "demand": lambda row: row.demand,
    "evidence": _evidence,
    "holds_contract": lambda row: row.holds_contract,
    "party": lambda row: drafts.organization(row.organization_id).name,
    "answer": lambda row: row.answer,
    "effect": lambda row: EFFECT_WORDS[Effect(row.effect)] if row.effect else None,
    "answered_at": lambda row: row.answered_at,
    "withdrawn_at": lambda row: row.withdrawn_at,
}
