"""A lot that asks for a deposit, on tendering's stage, with the centre's finance and bidders that pay."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts.models import Organization
from accounts.roles import OrgKind, Role
from escrow import asking, payments, register, steps
from escrow.models import Arrival, Deposit, Refund
from escrow.payments import Payment
from escrow.register import Credit, Paper
from escrow.rules import Letter, Means, Paid
from kernel import clock
from kernel.db import db
from kernel.money import Fen
from tendering import lifecycle
from tendering.states import CLOCK, LotEvent
from tests import tendering_stage
from tests.evaluation_stage import BIDDERS
from tests.tendering_stage import Stage, on_each_engine, seconds

DUE = Fen(40_000_000)
ACCOUNT = "6222020001112223"
FORMS = ["transfer", "guarantee"]
CONSTRUCTION, PROCUREMENT = "practice.construction.open", "practice.procurement.open"


@dataclass
class EscrowStage:
    stage: Stage
    lot: str
    numbers: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def act(self, *, write: bool = True) -> Any:
        return self.stage.act(write=write)

    def actor(self, name: str) -> Any:
        return self.stage.actors[name]

    def pass_by(self, delta: dt.timedelta) -> None:
        self.stage.now += delta

    # the bidder

    def asks(self, name: str, form: str = "transfer", account: str = "") -> str:
        with self.act() as now:
            asking.register_account(self.actor(name), "青山农商行", account or f"{ACCOUNT}{len(name)}{name[-1]}", now)
            self.numbers[name] = asking.issue(self.actor(name), self.lot, form, now).ref
        return self.numbers[name]

    def account(self, name: str) -> str:
        return f"{ACCOUNT}{len(name)}{name[-1]}"

    # the bank, as finance enters it

    def arrives(self, name: str, **changed: Any) -> Arrival:
        self.count += 1
        with self.act(write=False):
            company = db.session.get_one(Organization, self.actor(name).organization_id).name
        usual = {
            "amount": DUE,
            "at": self.stage.now,
            "means": Means.TRANSFER,
            "name": company,
            "account": self.account(name),
        }
        ref = changed.pop("ref", self.numbers.get(name, "?"))
        number = changed.pop("number", f"B{self.count}")
        with self.act() as now:
            return register.enter(self.actor("fin"), Credit(ref, number, Paid(**{**usual, **changed})), now)

    def letter(self, name: str, days: int = 120, amount: Fen = DUE) -> Any:
        with self.act() as now:
            letter = Letter(amount, now, now + dt.timedelta(days=days))
            return register.enter_guarantee(
                self.actor("fin"), Paper(self.numbers[name], "青山融资担保", f"G-{name}", letter), now
            )

    def paid(self, *names: str) -> None:
        for name in names:
            self.asks(name)
            self.arrives(name)

    # the lot

    def moved(self, *events: LotEvent) -> None:
        for event in events:
            self.pass_by(seconds(1))
            with self.act() as now:
                lifecycle.move(lifecycle.lot_of(self.lot, lock=True), event, CLOCK, now)

    def closed(self) -> None:
        with self.act(write=False):
            closes_at = lifecycle.lot_of(self.lot).closes_at
        assert closes_at is not None
        self.stage.now = max(self.stage.now, closes_at)
        self.moved(LotEvent.CLOSE)

    def opened(self) -> None:
        self.closed()
        self.moved(LotEvent.START_OPENING, LotEvent.END_OPENING)

    def failed(self) -> None:
        self.closed()
        self.moved(LotEvent.TOO_FEW)

    # going back

    def step(self) -> None:
        for one in steps.STEPS:
            with clock.at(self.stage.now):
                one(self.stage.now)

    def refund(self, name: str) -> Refund:
        """Its newest return."""
        with self.act(write=False):
            own = (
                db.session.query(Deposit).filter_by(organization=self.actor(name).organization_id).order_by(Deposit.id)
            )
            return own.all()[-1].refunds[-1]

    def approved(self, *names: str, second: str = "manager") -> None:
        numbers = [self.refund(name).id for name in names]
        with self.act() as now:
            token = payments.propose(self.actor("fin"), numbers, "依法退还", now).token
        with self.act() as now:
            payments.approve(self.actor(second), token, now)

    def pays(self, name: str, number: str = "", at: dt.datetime | None = None) -> Refund:
        with self.act() as now:
            payment = Payment(number or f"P-{name}-{self.count}", at or now)
            return payments.pay(self.actor("fin"), self.refund_in(name), payment, now)

    def refund_in(self, name: str) -> int:
        own = db.session.query(Deposit).filter_by(organization=self.actor(name).organization_id).order_by(Deposit.id)
        return own.all()[-1].refunds[-1].id

    def alerts(self) -> list[tuple[str, str, str | None]]:
        return [
            (fact.point, fact.color, fact.lot) for fact in self.stage.facts("alert") if fact.point[:3] in ("S15", "S25")
        ]


@contextlib.contextmanager
def escrow_staged(folder: Path, engine: str = "sqlite", pack: str = CONSTRUCTION) -> Iterator[EscrowStage]:
    """A collecting lot that asks for 400,000 yuan by transfer or letter, and three bidders."""
    with on_each_engine(engine, folder) as stage:
        with stage.act():
            stage.actors["fin"] = tendering_stage._actor("fin", OrgKind.CENTRE, Role.FIN, "123501004887560001")
        for name in ("bidder2", "bidder3"):
            with stage.act():
                stage.actors[name] = tendering_stage._actor(name, OrgKind.BIDDER, Role.BIDDER, BIDDERS[name])
        lots = tendering_stage.notice(stage.now + seconds(60))["lots"]
        kind = "works" if pack == CONSTRUCTION else "goods"
        lots[0] |= {
            "deposit": "400000.00",
            "estimate": "21846300.00",
            "method": tendering_stage.method(goods_or_services=kind),
        }
        trade = pack.split(".")[1]
        code = stage.published(lots=lots, pack=pack, trade=trade, deposit_forms=FORMS)
        yield EscrowStage(stage, stage.lots(code)[0])
