"""The bidder's side of the register: its basic account, and a number of its own to pay under. Nobody else hears of either."""

from __future__ import annotations

import datetime as dt
import secrets

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from escrow import lots, rules
from escrow.models import BasicAccount, Deposit
from kernel.db import db
from kernel.errors import Conflict, Invalid, TooLate
from tendering.invitations.door import check_invited
from tendering.lifecycle import lot_of
from tendering.security import Form
from tendering.states import LotState

RULE = "《招标投标法实施条例》第二十六条；《政府采购法实施条例》第三十三条"


def random_ref() -> str:
    """80 random bits: from a number nobody learns how many came before."""
    return secrets.token_hex(10)


def register_account(actor: Actor, bank: str, number: str, now: dt.datetime) -> BasicAccount:
    """The organization's basic account; money that arrives from now on is compared with it."""
    _pays(actor)
    if not 2 <= len(bank.strip()) <= 120 or not 6 <= len(rules.digits(number)) <= 40:
        raise Invalid(
            "account.form",
            "请填写开户行和账号。",
            "Give the bank and the number.",
            rule=RULE,
            fields={"number": "form"},
        )
    found = BasicAccount(
        organization=actor.organization_id, bank=bank.strip(), number=rules.digits(number), registered_at=now
    )
    db.session.add(found)
    db.session.flush()
    records.acted(actor, "deposit.account", now)
    return found


def account_of(organization: int, at: dt.datetime | None = None) -> BasicAccount | None:
    """The newest one registered, or the one that stood at a moment."""
    wanted = select(BasicAccount).where(BasicAccount.organization == organization)
    if at is not None:
        wanted = wanted.where(BasicAccount.registered_at <= at)
    return db.session.scalars(wanted.order_by(BasicAccount.id.desc()).limit(1)).first()


def issue(actor: Actor, code: str, form: str, now: dt.datetime) -> Deposit:
    """A number to pay under, in a form that the notice takes; asked again before anything came, the form is changed."""
    _pays(actor)
    lot = lot_of(code)
    found = lots.needed(lot)
    check_invited(lot.tender, actor.organization_id)
    if lot.state not in (LotState.COLLECTING, LotState.LISTING) or now > lots.cut_off(lot, now):
        raise TooLate("deposit.closed", "投标已截止。", "Bidding is closed.", rule=RULE)
    if form not in found.forms or form not in (Form.TRANSFER, Form.CASH, Form.GUARANTEE):
        raise Invalid(
            "deposit.form", "不接受这种形式。", "This form is not taken.", rule=RULE, fields={"form": "choice"}
        )
    live = of(actor.organization_id, code)
    if live is not None:
        return _changed(live, form)
    live = Deposit(
        ref=random_ref(), lot=code, organization=actor.organization_id, person=actor.person_id, form=form,
        due_fen=found.due, issued_at=now,
    )  # fmt: skip
    db.session.add(live)
    db.session.flush()
    records.acted(actor, "deposit.issued", now, lot=code)
    return live


def _changed(live: Deposit, form: str) -> Deposit:
    if live.form != form and (live.arrivals or live.guarantee):
        raise Conflict("deposit.arrived", "已有款项或保函到账。", "Something arrived already.", rule=RULE)
    live.form = form
    db.session.flush()
    return live


def of(organization: int, code: str) -> Deposit | None:
    """The organization's deposit on the lot that has not gone back or been kept."""
    mine = (Deposit.organization == organization, Deposit.lot == code, Deposit.ended_at.is_(None))
    return db.session.scalar(select(Deposit).where(*mine))


def every_of(organization: int, code: str) -> list[Deposit]:
    """All of its deposits on the lot, the newest first."""
    mine = select(Deposit).where(Deposit.organization == organization, Deposit.lot == code)
    return list(db.session.scalars(mine.order_by(Deposit.id.desc())))


def _pays(actor: Actor) -> None:
    actor.act_as(Role.BIDDER)
    actor.take_part(Part.PAY)
