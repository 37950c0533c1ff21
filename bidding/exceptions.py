"""An opening without the recording that the law asks for: the centre asks, another organization lets it pass (rules.md 5.1).

Nothing else passes by exception. The reason is public at once; the host's signed statement then says `overridden`.
"""

from __future__ import annotations

from datetime import datetime

from accounts.actor import Actor
from accounts.roles import Role
from bidding import lots
from kernel.clock import rfc3339
from kernel.errors import Conflict
from kernel.law import holds
from supervision import log
from supervision.recording_facts import ExceptionApproved
from tendering import approvals, packs, recordings
from tendering.approvals import Act, Step
from tendering.models import Approval, Lot
from tendering.packs import Rule
from tendering.states import LotState

ON, NONE, OVERRIDDEN = "on", "none", "overridden"
"""What the host's statement says of the recording."""
POSSIBLE = (LotState.COLLECTING, LotState.SEALED)


def rule_of(lot: Lot) -> Rule | None:
    """The pack's rule that asks for a recording; None where its law does not."""
    return recordings.asked(packs.load(lot.tender.pack_id))


def propose(actor: Actor, lot_code: str, reason: str, now: datetime) -> Approval:
    """The centre's staff say why there will be no recording; it waits for its second."""
    actor.act_as(Role.OPS)
    lot = _open(lot_code)
    return approvals.propose(actor, lot.tender, Step(_name(lot), Role.OPS, reason), now)


def second(actor: Actor, lot_code: str, now: datetime) -> Approval:
    """The supervising authority or the management office lets it pass; everybody reads the reason."""
    role = actor.act_as_any(Role.SUP, Role.MGR)
    lot = _open(lot_code)
    found = approvals.second(actor, lot.tender, Step(_name(lot), role), now)
    law = _asked(lot).cited
    log.append(
        ExceptionApproved(lot=lot.code, what="recording", reason=found.reason, law=law, at=rfc3339(now)), lot=lot.code
    )
    return found


def take_back(actor: Actor, lot_code: str, now: datetime) -> None:
    """The centre takes back what nobody seconded yet."""
    actor.act_as(Role.OPS)
    lot = _open(lot_code)
    approvals.take_back(actor, lot.tender, _name(lot), now)


def of_lot(lot: Lot) -> Approval | None:
    """The newest exception, waiting or in force."""
    return approvals.latest(lot.tender, _name(lot))


def choices(lot: Lot) -> list[str]:
    """What the host may truthfully sign of the recording, the expected answer first."""
    found = of_lot(lot)
    if rule_of(lot) is None:
        return [NONE, ON]
    return [OVERRIDDEN, ON] if found is not None and found.done_at is not None else [ON]


@holds("G20")
def check(lot: Lot, said: str) -> None:
    """Conflict when the host would begin without the recording that the law asks for and nobody let it pass."""
    if said in choices(lot):
        return
    if said == OVERRIDDEN:
        zh, en = "没有经两个单位批准的例外。", "No exception was approved by two organizations."
        raise Conflict("opening.not_overridden", zh, en, rule=approvals.RULE)
    raise Conflict(
        "opening.recording",
        "本标段开标须全程录音录像：开始录像后再宣布开标，或者由交易中心申请例外，经监督或管理机构批准。",
        "This opening has to be recorded: begin once the recorder runs, or the centre asks for an exception that another organization approves.",
        rule=_asked(lot).cited,
    )


def _open(lot_code: str) -> Lot:
    lot = lots.locked(lot_code)
    rule = _asked(lot)
    if lot.state not in POSSIBLE:
        zh, en = "只能在开标以前申请和批准。", "Only before the opening."
        raise Conflict("exception.late", zh, en, rule=rule.cited, state=lot.state)
    return lot


def _asked(lot: Lot) -> Rule:
    rule = rule_of(lot)
    if rule is None:
        zh, en = (
            "本标段的法律不要求录像，无须例外。",
            "This lot's law asks for no recording: there is nothing to except.",
        )
        raise Conflict("exception.needless", zh, en, rule=approvals.RULE)
    return rule


def _name(lot: Lot) -> str:
    return approvals.name_of(Act.OVERRIDE, lot.code)
