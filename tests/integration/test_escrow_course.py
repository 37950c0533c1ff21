"""A deposit's way: asked for, arrived, judged, secret until the opening, and back by the rule that applies; on both databases."""

from __future__ import annotations

import datetime as dt

import pytest

from escrow import asking, beancount, checks, keeping, ledger, payments, refunds, standing
from escrow.ledger import BANK, Event, Leg
from escrow.models import Deposit
from escrow.payments import Payment
from escrow.rules import Means
from kernel import canonical
from kernel.db import db, transaction
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooEarly, TooLate
from kernel.money import Fen
from tendering import cancellation, lifecycle
from tests.escrow_stage import DUE, PROCUREMENT, EscrowStage, escrow_staged
from tests.log_stage import ENGINES
from tests.tendering_stage import seconds

DAY = dt.timedelta(days=1)


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with escrow_staged(tmp_path, request.param) as found:
        yield found


@pytest.fixture(params=ENGINES)
def buying(request, tmp_path):
    with escrow_staged(tmp_path, request.param, PROCUREMENT) as found:
        yield found


def balance(stage: EscrowStage, name: str, kind: str = "dep") -> int:
    with stage.act(write=False):
        return ledger.balance(f"L:{kind}:{stage.numbers[name]}").posted


def in_order(stage: EscrowStage, *names: str) -> dict[str, str | None]:
    """What the opening says of each."""
    with stage.act() as now:
        lot = lifecycle.lot_of(stage.lot)
        bids = [
            standing.Bidding(f"{at:032x}", stage.actor(name).organization, (stage.actor(name).organization_id,))
            for at, name in enumerate(names)
        ]
        standing.state(lot, bids, now)
        rows = standing.lines(lot, bids)
    return {name: row.reason for name, row in zip(names, rows, strict=True)}


def test_g13_money_in_time_is_in_order_and_the_opening_says_so(stage):
    stage.paid("bidder", "bidder2")
    assert balance(stage, "bidder") == DUE
    stage.opened()
    assert in_order(stage, "bidder", "bidder2", "bidder3") == {"bidder": None, "bidder2": None, "bidder3": "nothing"}
    fact = stage.stage.facts("deposits.stated")[-1]
    assert [row.in_order for row in fact.rows] == [True, True, False]
    assert in_order(stage, "bidder", "bidder2", "bidder3")["bidder3"] == "nothing"
    assert len(stage.stage.facts("deposits.stated")) == 1, "said once"


def test_g13_before_the_opening_nobody_is_told_whose_deposit_is_in_order(stage):
    stage.paid("bidder")
    with pytest.raises(TooEarly, match=r"deposit\.secret"):
        in_order(stage, "bidder")
    stage.closed()
    with pytest.raises(TooEarly, match=r"deposit\.secret"):
        in_order(stage, "bidder")


def test_a_payment_entered_after_the_deadline_counts_if_the_bank_had_it_before(stage):
    stage.asks("bidder")
    stage.asks("bidder2")
    before = stage.stage.now
    stage.closed()
    stage.pass_by(seconds(2))
    assert stage.arrives("bidder", at=before).problem is None
    assert stage.arrives("bidder2").problem == "late"
    assert balance(stage, "bidder2", "suspense") == DUE


def test_c17_money_from_elsewhere_waits_in_suspense_and_everybody_hears_of_it_after_the_opening(stage):
    stage.asks("bidder")
    assert stage.arrives("bidder", account="999999999").problem == "account"
    assert balance(stage, "bidder") == 0
    assert balance(stage, "bidder", "suspense") == DUE
    stage.step()
    assert stage.alerts() == []
    stage.opened()
    assert in_order(stage, "bidder") == {"bidder": "account"}
    assert stage.alerts() == [("S15.C17", "yellow", stage.lot)]


def test_one_payer_for_two_bidders_is_a_hard_sign_and_only_after_the_opening(buying):
    buying.asks("bidder")
    buying.asks("bidder2")
    for name in ("bidder", "bidder2"):
        buying.arrives(name, account="777777777")
    buying.step()
    assert buying.alerts() == []
    buying.opened()
    in_order(buying, "bidder", "bidder2")
    assert buying.alerts() == [("S15", "red", buying.lot)]


def test_payments_add_up_the_excess_waits_and_the_same_line_again_changes_nothing(stage):
    stage.asks("bidder")
    stage.arrives("bidder", amount=Fen(DUE - 1))
    row = stage.arrives("bidder", amount=Fen(5), number="SAME")
    assert (row.held, row.problem) == (1, "excess")
    assert stage.arrives("bidder", amount=Fen(5), number="SAME").id == row.id
    with pytest.raises(Conflict, match=r"arrival\.known"):
        stage.arrives("bidder", amount=Fen(6), number="SAME")
    assert (balance(stage, "bidder"), balance(stage, "bidder", "suspense")) == (DUE, 4)


def test_money_under_no_number_waits_in_suspense(stage):
    assert stage.arrives("bidder", ref="nobody").problem == "unknown"
    with stage.act(write=False):
        assert ledger.balance(BANK).posted == DUE
        assert checks.differences() == []


def test_c16_a_letter_that_ends_before_the_bid_is_not_in_order(stage):
    for name in ("bidder", "bidder2"):
        stage.asks(name, "guarantee")
    assert stage.letter("bidder", days=90).problem == "validity"
    assert stage.letter("bidder2", days=91).problem is None
    stage.opened()
    assert in_order(stage, "bidder", "bidder2") == {"bidder": "validity", "bidder2": None}
    with stage.act(write=False):
        assert ledger.balance(ledger.GUARANTEES).posted == 2 * DUE
        assert ledger.balance(BANK).posted == 0


def test_only_finance_enters_and_only_while_bids_are_taken_is_a_number_given(stage):
    stage.asks("bidder")
    with pytest.raises(Forbidden), stage.act() as now:
        asking.register_account(stage.actor("fin"), "行", "123456", now)
    with pytest.raises(Invalid, match=r"deposit\.form"):
        stage.asks("bidder2", "cash")
    stage.stage.actors["fin"], held = stage.actor("operator"), stage.actor("fin")
    with pytest.raises(Forbidden):
        stage.arrives("bidder")
    stage.stage.actors["fin"] = held
    with pytest.raises(Invalid, match=r"arrival\.future"):
        stage.arrives("bidder", at=stage.stage.now + DAY)
    stage.closed()
    with pytest.raises(TooLate, match=r"deposit\.closed"):
        stage.asks("bidder3")


def test_numbers_tell_nobody_how_many_came_before(stage):
    stage.paid("bidder", "bidder2", "bidder3")
    assert len(set(stage.numbers.values())) == 3
    assert all(len(bytes.fromhex(ref)) * 8 >= 80 for ref in stage.numbers.values())


def withdraw(stage: EscrowStage, name: str) -> None:
    with stage.act() as now:
        refunds.withdrawn(stage.lot, [stage.actor(name).organization_id], now)


def test_c28_a_withdrawal_starts_the_return_and_its_lateness_is_shown_after_the_opening_only(stage):
    stage.paid("bidder", "bidder2")
    withdraw(stage, "bidder")
    row = stage.refund("bidder")
    assert (row.cause, row.rule, row.principal) == ("withdrawn", "C28", DUE)
    assert row.due_at - row.began_at == seconds(300)  # practice
    stage.closed()
    stage.stage.now = row.due_at + seconds(1)
    stage.step()
    assert stage.alerts() == [], "that somebody withdrew is nobody's business before the opening"
    stage.moved(*(lifecycle.LotEvent.START_OPENING, lifecycle.LotEvent.END_OPENING))
    stage.step()
    stage.step()
    assert stage.alerts() == [("S25.C28", "red", stage.lot)]
    assert in_order(stage, "bidder2") == {"bidder2": None}


def test_g15_withdrawn_in_procurement_goes_back_by_its_own_rule(buying):
    buying.paid("bidder")
    withdraw(buying, "bidder")
    assert buying.refund("bidder").rule == "G15"


def test_who_bids_again_before_the_return_was_proposed_leaves_the_deposit_there(stage):
    stage.paid("bidder")
    withdraw(stage, "bidder")
    with stage.act() as now:
        refunds.bid_again(stage.lot, [stage.actor("bidder").organization_id], now)
    stage.step()
    assert stage.refund("bidder").ended_at is not None
    stage.opened()
    assert in_order(stage, "bidder") == {"bidder": None}


def test_g17_c58_a_cancelled_tender_gives_everything_back_with_the_banks_interest(buying):
    buying.paid("bidder", "bidder2")
    buying.pass_by(36 * DAY)
    tender = buying.lot[:20]
    with buying.act() as now:
        cancellation.cancel(buying.actor("owner"), lifecycle.tender_of(tender), "预算调整，不再采购", now)
    with buying.act() as now:
        cancellation.cancel(buying.actor("manager"), lifecycle.tender_of(tender), "", now)
    buying.step()
    row = buying.refund("bidder")
    assert (row.cause, row.rule) == ("terminated", "G17")
    buying.approved("bidder", "bidder2")
    done = buying.pays("bidder")
    assert (done.interest, done.late_interest) == (14_000, 0)  # 400,000 yuan x 36 / 360 x 0.35 %
    assert balance(buying, "bidder") == 0
    with buying.act(write=False):
        assert ledger.balance(BANK).posted == DUE - 14_000
        assert ledger.balance(f"L:intpay:{buying.numbers['bidder']}").posted == 0
        assert checks.differences() == []


def test_c58_a_failed_construction_tender_gives_back_with_interest(stage):
    stage.paid("bidder")
    stage.failed()
    stage.step()
    row = stage.refund("bidder")
    assert (row.cause, row.rule) == ("terminated", "C58")
    with stage.act(write=False):
        found = refunds.owed(db.session.get_one(type(row), row.id), stage.stage.now + 36 * DAY)
    assert (found.interest, found.late_interest) == (14_000, 0)


def test_g16_a_late_return_costs_the_lending_rate_and_a_fifth_unless_the_supplier_is_to_blame(buying):
    buying.paid("bidder", "bidder2")
    buying.failed()
    buying.step()
    buying.approved("bidder", "bidder2")
    buying.stage.now = buying.refund("bidder").due_at + 9 * DAY
    with buying.act() as now:
        payments.excuse(buying.actor("fin"), buying.refund_in("bidder2"), "收款账户已销户，供应商未提供新账户", now)
    late, excused = buying.pays("bidder"), buying.pays("bidder2")
    assert late.late_interest == 40_000_000 * 10 * 43_500 * 120 // (100 * 360 * 1_000_000)
    assert excused.late_interest == 0
    buying.step()
    assert ("S25.G17", "red", buying.lot) in buying.alerts()


def test_a_return_takes_two_organizations_and_is_paid_once(stage):
    stage.paid("bidder")
    stage.failed()
    stage.step()
    number = stage.refund("bidder").id
    with pytest.raises(Conflict, match=r"refund\.unapproved"):
        stage.pays("bidder")
    with stage.act() as now:
        token = payments.propose(stage.actor("fin"), [number], "依法退还", now).token
    for name, kind in (("fin", Forbidden), ("operator", Forbidden), ("bidder", Forbidden), ("other_owner", Forbidden)):
        with pytest.raises(kind), stage.act() as now:
            payments.approve(stage.actor(name), token, now)
    with pytest.raises(Conflict, match=r"refund\.not_due"), stage.act() as now:
        payments.propose(stage.actor("fin"), [number], "依法退还", now)
    with stage.act() as now:
        payments.take_back(stage.actor("fin"), token, now)
        token = payments.propose(stage.actor("fin"), [number], "依法退还", now).token
    with stage.act() as now:
        payments.approve(stage.actor("owner"), token, now)
    for again in (payments.approve, payments.take_back):
        with pytest.raises(Conflict, match=r"refund\.approved") as refused, stage.act() as now:
            again(stage.actor("manager" if again is payments.approve else "fin"), token, now)
        assert refused.value.rule == payments.LAW
    with stage.act(write=False):
        held = ledger.balance(f"L:dep:{stage.numbers['bidder']}")
        assert (held.posted, held.reserved) == (DUE, DUE)
    assert stage.pays("bidder", "P1").id == stage.pays("bidder", "P1").id
    with pytest.raises(NotFound, match=r"refund\.unknown"):
        stage.pays("bidder", "P2")
    with stage.act(write=False):
        assert ledger.balance(BANK).posted == 0


def test_the_projects_people_do_not_approve_what_is_still_secret(stage):
    stage.paid("bidder")
    withdraw(stage, "bidder")
    with stage.act() as now:
        token = payments.propose(stage.actor("fin"), [stage.refund_in("bidder")], "依法退还", now).token
        assert payments.waiting(stage.actor("owner")) == []
        assert [row.token for row in payments.waiting(stage.actor("manager"))] == [token]
    with pytest.raises(Forbidden, match=r"refund\.second"), stage.act() as now:
        payments.approve(stage.actor("owner"), token, now)


def test_what_the_bank_did_not_pay_is_reserved_again_under_the_next_number(stage):
    stage.paid("bidder")
    stage.failed()
    stage.step()
    stage.approved("bidder")
    with stage.act() as now:
        payments.not_paid(stage.actor("fin"), stage.refund_in("bidder"), now)
    assert stage.pays("bidder").attempt == 2
    assert balance(stage, "bidder") == 0


def test_the_receipt_carries_the_arithmetic_and_the_log_its_hash_sealed(stage):
    stage.paid("bidder")
    stage.failed()
    stage.step()
    stage.approved("bidder")
    stage.pass_by(DAY)
    row = stage.pays("bidder")
    said = canonical.decode(row.receipt)
    assert (said["principal"], said["bank_ref"], said["ref"]) == ("400000.00", row.bank_ref, stage.numbers["bidder"])
    fact = stage.stage.facts("deposit.returned")[-1]
    assert fact.receipt_sha256 == canonical.sha(row.receipt)
    assert fact.sealed


def test_a_letter_goes_back_without_interest(stage):
    stage.asks("bidder", "guarantee")
    stage.letter("bidder")
    stage.failed()
    stage.step()
    stage.approved("bidder")
    row = stage.pays("bidder", at=stage.stage.now)
    assert (row.interest, row.late_interest) == (0, 0)
    with stage.act(write=False):
        assert ledger.balance(ledger.GUARANTEES).posted == 0


def test_c29_only_the_owner_keeps_a_deposit_with_clause_and_reason_after_the_opening(stage):
    stage.paid("bidder")
    ref = stage.numbers["bidder"]
    with pytest.raises(TooEarly), stage.act() as now:
        keeping.decide(stage.actor("owner"), ref, "revoked", "截止后撤销投标", now)
    stage.opened()
    stage.step()
    for name in ("agency", "fin", "manager"):
        with pytest.raises(Forbidden), stage.act() as now:
            keeping.decide(stage.actor(name), ref, "revoked", "截止后撤销投标", now)
    for ground, reason, code in (("because", "没有理由", "ground"), ("revoked", "", "reason")):
        with pytest.raises(Invalid, match=rf"keep\.{code}"), stage.act() as now:
            keeping.decide(stage.actor("owner"), ref, ground, reason, now)
    with pytest.raises(Conflict, match=r"keep\.not_winner"), stage.act() as now:
        keeping.decide(stage.actor("owner"), ref, "no_contract", "中标后不订立合同", now)
    with pytest.raises(Conflict, match=r"keep\.undecided"), stage.act() as now:
        keeping.carry_out(stage.actor("fin"), ref, now)
    with stage.act() as now:
        assert "第三十五条" in keeping.decide(stage.actor("owner"), ref, "revoked", "截止后撤销投标", now).law
    assert balance(stage, "bidder") == DUE, "a decision moves nothing by itself"
    with stage.act() as now:
        keeping.carry_out(stage.actor("fin"), ref, now)
        assert ledger.balance(ledger.OWNER).posted == DUE
        assert checks.differences() == []


def test_c29_procurement_has_no_such_clause_and_a_withdrawal_in_time_costs_nothing(buying):
    buying.paid("bidder", "bidder2")
    withdraw(buying, "bidder2")
    buying.opened()
    with pytest.raises(Invalid, match=r"keep\.ground"), buying.act() as now:
        keeping.decide(buying.actor("owner"), buying.numbers["bidder"], "revoked", "截止后撤销投标", now)
    with pytest.raises(Conflict, match=r"keep\.withdrawn"), buying.act() as now:
        keeping.decide(buying.actor("owner"), buying.numbers["bidder2"], "no_contract", "中标后不订立合同", now)


def test_c18_every_day_register_and_ledger_are_compared_and_a_difference_is_red_without_a_lot(stage):
    stage.paid("bidder")
    stage.step()
    with stage.act(write=False):
        assert checks.latest().differences == []
    assert stage.alerts() == []
    with (
        stage.act() as now
    ):  # somebody moves a deposit elsewhere: the ledger takes it, the register knows nothing of it
        ledger.post(Event("wrong", "misuse", now), [Leg(f"L:dep:{stage.numbers['bidder']}", "L:owner", Fen(1))])
    stage.step()
    assert stage.alerts() == [], "once a day"
    stage.pass_by(DAY)
    stage.step()
    with stage.act(write=False):
        assert checks.latest().differences == [
            {"account": f"L:dep:{stage.numbers['bidder']}", "register": DUE, "ledger": DUE - 1}
        ]
    assert stage.alerts() == [("S25.C18", "red", None)]


def test_only_one_deposit_of_a_bidder_is_live_on_a_lot(stage):
    ref = stage.asks("bidder")
    assert stage.asks("bidder", "guarantee") == ref
    stage.asks("bidder", "transfer")
    stage.arrives("bidder")
    with pytest.raises(Conflict, match=r"deposit\.arrived"):
        stage.asks("bidder", "guarantee")
    with stage.act(write=False):
        assert db.session.query(Deposit).count() == 1


def test_cash_is_entered_as_what_it_is(buying):
    buying.asks("bidder")
    assert buying.arrives("bidder", means=Means.CASH).problem == "cash"
    with transaction(write=False):
        assert refunds.holding(db.session.query(Deposit).one()) == DUE


def test_a_payment_before_its_reason_or_in_the_future_is_refused(stage):
    stage.paid("bidder")
    stage.failed()
    stage.step()
    stage.approved("bidder")
    for at, code in ((stage.stage.now + DAY, "future"), (stage.stage.now - DAY, "early")):
        with pytest.raises(Invalid, match=rf"payment\.{code}"):
            stage.pays("bidder", at=at)
    with pytest.raises(Conflict, match=r"payment\.known"), stage.act() as now:
        payments.pay(stage.actor("fin"), stage.refund_in("bidder"), Payment(" ", now), now)


def test_the_export_adds_up_and_names_nobody(stage):
    stage.paid("bidder", "bidder2")
    stage.asks("bidder3", "guarantee")
    stage.letter("bidder3")
    stage.failed()
    stage.step()
    stage.approved("bidder", "bidder2")
    stage.pass_by(36 * DAY)
    stage.pays("bidder")
    with stage.act(write=False) as now:
        text = "\n".join(beancount.export(now))
    amounts = [line.split() for line in text.splitlines() if line.startswith("  ")]
    total: dict[str, int] = {}
    for account, amount, _ in amounts:
        total[account] = total.get(account, 0) + int(amount.replace(".", ""))
    assert sum(total.values()) == 0
    said = [line.split() for line in text.splitlines() if " balance " in line]
    assert {row[2]: int(row[3].replace(".", "")) for row in said} == {row[2]: total.get(row[2], 0) for row in said}
    assert total["Assets:Bank"] == DUE - 14_000
    assert stage.actor("bidder").organization not in text
    assert all("~ 0.00 CNY" in line for line in text.splitlines() if " balance " in line)
