"""Dual control (rules.md 5.1): what one person proposes with reasons, a second of another organization carries out.

Everything that takes two goes through `propose`, `second` and `take_back`; what the act itself needs is its own slice's affair.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, Words
from tendering import rules, visibility
from tendering.models import Approval, Tender

RULE = "rules.md 5.1 双人双岗"


class Act(StrEnum):
    """What takes two. The acts on one lot carry its number behind a dot: `void.001`."""

    CANCEL = "cancel"
    VOID = "void"
    REOPEN = "reopen"
    OVERRIDE = "override"
    UNLOCK = "unlock"
    REFUND = "refund"
    OUTCOME = "outcome"


@dataclass(frozen=True)
class Control:
    """Who may propose an act, who may second it, and by which law."""

    words: Words
    first: frozenset[Role]
    second: frozenset[Role]
    law: str


@dataclass(frozen=True)
class Step:
    """One person's part in an act: which act, in which role, why."""

    name: str
    role: Role
    reason: str = ""

    @property
    def act(self) -> Act:
        return act_of(self.name)


_PROJECT = frozenset({Role.OWNER, Role.AGENCY})
_OVERSEERS = frozenset({Role.SUP, Role.INSP, Role.MGR})
_DIRECTED = "《招标投标法实施条例》第六十一条、第八十一条；《政府采购法实施条例》第七十一条"
CONTROLS: dict[Act, Control] = {
    Act.CANCEL: Control(
        Words("终止招标", "End the tender"),
        _PROJECT,
        _PROJECT | {Role.MGR},
        "《招标投标法实施条例》第三十一条；财政部令第87号第二十九条",
    ),
    Act.VOID: Control(Words("宣布无效", "Declare void"), frozenset({Role.SUP}), _OVERSEERS - {Role.SUP}, _DIRECTED),
    Act.REOPEN: Control(
        Words("责令重新评审", "Order a re-evaluation"), frozenset({Role.SUP}), _OVERSEERS - {Role.SUP}, _DIRECTED
    ),
    Act.OVERRIDE: Control(
        Words("例外放行", "Let pass by exception"), frozenset({Role.OPS}), frozenset({Role.SUP, Role.MGR}), RULE
    ),
    Act.UNLOCK: Control(
        Words("启封底价", "Unlock the reserve price"), frozenset({Role.OWNER}), frozenset({Role.OPS}), "rules.md 5.3 A3"
    ),
    Act.OUTCOME: Control(
        Words("登记现场竞价结果", "Enter the outcome of a sale on site"),
        frozenset({Role.OPS, Role.OWNER}),
        frozenset({Role.OPS, Role.OWNER}),
        "rules.md 5.3 A3；国土资源部令第39号 第十六条、第十九条；《拍卖法》第五十一条",
    ),
    Act.REFUND: Control(
        Words("批量退还保证金", "Return a batch of deposits"),
        frozenset({Role.FIN}),
        _PROJECT | {Role.MGR},
        "《招标投标法实施条例》第五十七条；《政府采购法实施条例》第三十三条",
    ),
}


def name_of(act: Act, lot: str | None = None) -> str:
    """How the table names the act: the lot's number behind it where it is about one lot."""
    return f"{act}.{lot[20:]}" if lot else str(act)


def act_of(name: str) -> Act:
    return Act(name.partition(".")[0])


def check_reason(act: Act, reason: str) -> str:
    """The reason as it is kept; Invalid when it says nothing."""
    if not 4 <= len(reason.strip()) <= 2000:
        raise Invalid(
            f"{act}.reason",
            "请写明原因（4 至 2000 字）。",
            "Give the reason in 4 to 2000 characters.",
            rule=CONTROLS[act].law,
            fields={"reason": "length"},
        )
    return reason.strip()


def check_first(act: Act, role: Role) -> None:
    """Conflict when this role only seconds what another proposes."""
    control = CONTROLS[act]
    if role not in control.first:
        raise Conflict(
            f"{act}.not_proposed",
            f"尚无人提出“{control.words.zh}”；您的角色只能第二次确认。",
            f"Nobody has proposed this yet ({control.words.en}); your role only seconds it.",
            rule=control.law,
        )


def check_second(act: Act, first: Approval, actor: Actor, role: Role) -> None:
    """The second is another person, of another organization, in a role that may second (rules.md 5.1)."""
    control = CONTROLS[act]
    if role not in control.second:
        raise Forbidden(
            "approval.role",
            f"您的角色不能第二次确认“{control.words.zh}”。",
            f"Your role does not second this ({control.words.en}).",
            rule=control.law,
        )
    rules.second_approver(first.organization_id, actor.organization_id)


def waiting(tender: Tender, name: str) -> Approval | None:
    """The first approval that still waits for its second."""
    wanted = select(Approval).where(Approval.tender_id == tender.id, Approval.act == name, Approval.done_at.is_(None))
    return db.session.scalars(wanted.order_by(Approval.id)).first()


def latest(tender: Tender, name: str) -> Approval | None:
    """The first approval of the newest try, waiting or carried out; whose reason is the act's."""
    wanted = select(Approval).where(Approval.tender_id == tender.id, Approval.act == name, Approval.seconds.is_(None))
    return db.session.scalars(wanted.order_by(Approval.id.desc())).first()


def propose(actor: Actor, tender: Tender, step: Step, now: dt.datetime) -> Approval:
    """Enter the first approval; the caller holds the tender's row. Conflict while another waits."""
    check_first(step.act, step.role)
    actor.take_part(Part.SIGN)
    if waiting(tender, step.name) is not None:
        raise Conflict(
            f"{step.act}.waiting", "已有待确认的申请。", "One is waiting already.", rule=CONTROLS[step.act].law
        )
    found = _row(actor, tender, replace(step, reason=check_reason(step.act, step.reason)), now)
    db.session.add(found)
    db.session.flush()
    records.acted(actor, f"approval.proposed {step.name}", now, lot=tender.code)
    return found


def second(actor: Actor, tender: Tender, step: Step, now: dt.datetime) -> Approval:
    """Enter the second approval and give back the first, whose reason stands; Conflict when none waits."""
    first = waiting(tender, step.name)
    if first is None:
        raise none_waiting(step.act)
    actor.take_part(Part.SIGN)
    check_second(step.act, first, actor, step.role)
    done = _row(actor, tender, replace(step, reason=first.reason), now)
    done.seconds, done.done_at, first.done_at = first.id, now, now
    db.session.add(done)
    db.session.flush()
    records.acted(actor, f"approval.seconded {step.name}", now, lot=tender.code)
    return first


def take_back(actor: Actor, tender: Tender, name: str, now: dt.datetime) -> None:
    """Whoever proposed, or their side, takes it back before the second approval; the record of it stays in the log."""
    first = waiting(tender, name)
    if first is None:
        raise none_waiting(act_of(name))
    if actor.organization_id != first.organization_id and not visibility.of_project(tender, actor):
        raise Forbidden(
            "approval.not_yours", "只有提出一方可以撤回。", "Only the side that proposed takes it back.", rule=RULE
        )
    db.session.delete(first)
    records.acted(actor, f"approval.taken_back {name}", now, lot=tender.code)


def for_second(actor: Actor) -> list[Approval]:
    """What waits for a second that this person may give, oldest first: of the own projects, or, as an overseer, of all."""
    every = db.session.scalars(select(Approval).where(Approval.done_at.is_(None)).order_by(Approval.id))
    return [found for found in every if _may_second(actor, found)]


def _may_second(actor: Actor, found: Approval) -> bool:
    roles = actor.roles & CONTROLS[act_of(found.act)].second
    tender = db.session.get_one(Tender, found.tender_id)
    mine = visibility.of_project(tender, actor) or bool(roles - _PROJECT)
    return bool(roles) and mine and found.organization_id != actor.organization_id


def none_waiting(act: Act) -> Conflict:
    control = CONTROLS[act]
    return Conflict(
        f"{act}.none",
        f"没有待确认的“{control.words.zh}”。",
        f"Nothing of this kind is waiting ({control.words.en}).",
        rule=control.law,
    )


def _row(actor: Actor, tender: Tender, step: Step, now: dt.datetime) -> Approval:
    return Approval(
        tender_id=tender.id,
        act=step.name,
        reason=step.reason,
        person_id=actor.person_id,
        organization_id=actor.organization_id,
        role=step.role,
        at=now,
    )
