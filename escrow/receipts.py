"""What a bidder gets in its hand when its deposit went back: a signed statement with the arithmetic; the log keeps its hash, sealed."""

from __future__ import annotations

from accounts.models import Organization
from escrow import interest
from escrow.models import Refund
from escrow.refunds import Sum
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.money import Fen, wire
from kernel.site import site
from kernel.statements import Signed
from supervision import deposit_facts, log

TYPE = "kaibiao-deposit-returned/1"


def give(row: Refund, found: Sum) -> None:
    assert row.paid_at is not None
    name = db.session.get_one(Organization, row.deposit.organization).name
    content = {
        "type": TYPE, "lot": row.deposit.lot, "ref": row.deposit.ref, "to": name, "principal": wire(found.principal),
        "interest": wire(found.interest), "late_interest": wire(found.late_interest), "rule": row.law,
        "due_at": rfc3339(row.due_at), "paid_at": rfc3339(row.paid_at), "bank_ref": row.bank_ref,
        "arithmetic": [_span(span) for span in (*found.bank, *found.late)],
    }  # fmt: skip
    signed = Signed.make(content, site().key("platform"))
    row.receipt, row.receipt_sig = signed.raw, keys.b64(signed.sig)
    fact = deposit_facts.DepositReturned(
        lot=row.deposit.lot, org=name, amount=wire(found.principal), rule=row.rule, due_at=rfc3339(row.due_at),
        interest=wire(Fen(found.interest + found.late_interest)), paid_at=rfc3339(row.paid_at),
        receipt_sha256=canonical.sha(signed.raw),
    )  # fmt: skip
    log.append(fact, lot=row.deposit.lot, subject=f"person:{row.deposit.person}")
    db.session.flush()


def _span(span: interest.Span) -> dict[str, object]:
    return {
        "from": span.since.isoformat(), "until": span.until.isoformat(), "days": span.days,
        "balance": wire(span.balance), "ppm": span.ppm, "percent": span.percent,
    }  # fmt: skip
