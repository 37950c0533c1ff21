"""Who sees what of a complaint, and when: the allow-list by viewer and state, and what each name on it shows."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Words
from kernel.visibility import Table, alike, each
from oversight.models import Complaint
from oversight.rules import EFFECT_WORDS, FOLLOWS, MATTER_WORDS, STATE_WORDS, Effect, Matter, State
from tendering import drafts
from tendering.states import STILL_SHUT
from tendering.visibility import of_project


class Viewer(StrEnum):
    PUBLIC = "public"
    RESPONDENT = "respondent"
    """Owner and agency of the tender: they get a copy once it is taken."""
    AUTHORITY = "authority"
    OWN = "own"


_LAW = "《工程建设项目招标投标活动投诉处理办法》第十八条、第二十三条；财政部令第94号第二十一条、第三十三条"
_NAMELESS = "《电子招标投标办法》第二十一条；《招标投标法》第二十二条"
_V, _ALWAYS, _TAKEN = Viewer, frozenset(State), frozenset({State.ACCEPTED, State.DECIDED})
_PARTIES = each((_V.AUTHORITY, _V.OWN), _ALWAYS)

TABLE: Table[Viewer, State] = Table(
    "complaint",
    Words("投诉", "Complaints"),
    {
        _V.PUBLIC: Words("公众", "Public"),
        _V.RESPONDENT: Words("招标人、代理机构", "Owner and agency"),
        _V.AUTHORITY: Words("监督、监察部门", "Supervision and inspection"),
        _V.OWN: Words("投诉人", "The complainant"),
    },
    STATE_WORDS,
    {
        **alike(
            each(_V, _ALWAYS), _LAW,
            number=("编号", "number"), lot=("标段", "lot"), matter=("投诉事项", "matter"), objection=("对应异议", "objection it follows"),
            made_at=("提出时间", "when made"), state=("办理状态", "state"), words=("状态名称", "state in words"), due_at=("办结期限", "decision due"),
            warn_at=("预警时间", "warning at"), by_clock=("按时限推定", "by the clock"),
        ),
        **alike(
            each((_V.PUBLIC, _V.RESPONDENT), (State.DECIDED,)) | each((_V.AUTHORITY, _V.OWN), (State.DECIDED, State.REFUSED)), _LAW,
            effect=("处理结果", "effect"), follows=("后果", "what follows"), reasons=("处理理由", "reasons"), decided_at=("处理时间", "when decided"),
        ),
        **alike(
            each((_V.RESPONDENT,), _TAKEN) | _PARTIES, _LAW,
            text=("事实和理由", "text"), demand=("请求", "demand"), evidence=("证明材料", "evidence"),
        ),
        **alike(
            each((_V.RESPONDENT, _V.AUTHORITY), _TAKEN), _LAW,
            reply=("被投诉人说明", "respondent's reply"), replied_at=("说明时间", "when replied"), reply_due_at=("说明期限", "reply due"),
        ),
        **alike(each((_V.RESPONDENT, _V.AUTHORITY, _V.OWN), _TAKEN), _LAW, accepted_at=("受理时间", "when taken")),
        **alike(
            _PARTIES, _LAW,
            correction=("补正要求", "correction asked"), corrected_at=("补正时间", "when corrected"), stay_until=("暂停至", "stayed until"),
        ),
        **alike(each((_V.OWN,), _ALWAYS), _NAMELESS, token=("查询码", "token")),
        **alike(
            each((_V.RESPONDENT,), _TAKEN) | _PARTIES, _NAMELESS, frozenset({_V.RESPONDENT}), party=("投诉人名称", "who complains"),
        ),
    },
)  # fmt: skip
"""Respondents learn the name with the copy, and never before the lot's bids are open (20号令 art. 21)."""


def viewer(row: Complaint, actor: Actor | None) -> Viewer:
    if actor is None:
        return Viewer.PUBLIC
    if row.organization_id == actor.organization_id:
        return Viewer.OWN
    if of_project(row.lot.tender, actor):
        return Viewer.RESPONDENT
    return Viewer.AUTHORITY if actor.roles & {Role.SUP, Role.INSP} else Viewer.PUBLIC


def fields(row: Complaint, who: Viewer) -> frozenset[str]:
    opened = row.lot.opened and row.lot.state not in STILL_SHUT
    return TABLE.fields(who, State(row.state), opened=opened)


def seen(row: Complaint, who: Viewer) -> dict[str, Any]:
    return {name: PARTS[name](row) for name in sorted(fields(row, who))}


def _evidence(row: Complaint) -> dict[str, Any] | None:
    if row.evidence_name is None:
        return None
    return {"name": row.evidence_name, "size": row.evidence_size, "sha256": row.evidence_sha256}


PARTS: dict[str, Callable[[Complaint], Any]] = {
    "number": lambda row: row.number,
    "token": lambda row: row.token,
    "lot": lambda row: row.lot.code,
    "matter": lambda row: MATTER_WORDS[Matter(row.matter)],
    "objection": lambda row: row.objection.number if row.objection else None,
    "made_at": lambda row: row.made_at,
    "state": lambda row: State(row.state),
    "words": lambda row: STATE_WORDS[State(row.state)],
    "due_at": lambda row: row.due_at,
    "warn_at": lambda row: row.warn_at,
    "by_clock": lambda row: row.by_clock,
    "effect": lambda row: EFFECT_WORDS[Effect(row.effect)] if row.effect else None,
    "follows": lambda row: FOLLOWS[Effect(row.effect)] if row.effect else None,
    "reasons": lambda row: row.reasons,
    "decided_at": lambda row: row.decided_at,
    "text": lambda row: row.text,
    "demand": lambda row: row.demand,
    "evidence": _evidence,
    "reply": lambda row: row.reply,
    "replied_at": lambda row: row.replied_at,
    "reply_due_at": lambda row: row.reply_due_at,
    "accepted_at": lambda row: row.accepted_at,
    "correction": lambda row: row.correction,
    "corrected_at": lambda row: row.corrected_at,
    "stay_until": lambda row: row.stay_until,
    "party": lambda row: drafts.organization(row.organization_id).name,
}
