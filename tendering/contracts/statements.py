"""What owner and winner sign after the award: exact bytes, and what they say in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernel import canonical, money
from kernel.errors import Words
from kernel.money import Fen
from tendering.contracts.rules import Bond, Terms
from tendering.statements import ToSign

REPORT = "kaibiao-award-report/1"
CONTRACT = "kaibiao-contract/1"
CHANGE = "kaibiao-contract-change/1"
ACCEPTANCE = "kaibiao-acceptance/1"


@dataclass(frozen=True)
class Document:
    """The text that a statement is about; its bytes stand in the blob store."""

    name: str
    sha256: str


def report(lot: str, content: dict[str, Any]) -> ToSign:
    """`content` is what the law wants told: course, bidders, ranks, reasons, winner."""
    raw = canonical.encode({**content, "type": REPORT, "lot": lot})
    winner = content["winner"]
    words = Words(
        f"向监督部门书面报告标段 {lot} 的招标投标情况：{len(content['bids'])} 家投标，中标人 {winner['bidder']}，{winner['price']} 元。",
        f"Written report on lot {lot}: {len(content['bids'])} bids, {winner['bidder']} wins at CNY {winner['price']}.",
    )
    return ToSign(REPORT, raw, words, lot)


def contract(lot: str, winner: dict[str, str], terms: Terms, bond: Bond, document: Document) -> ToSign:
    """`winner` is a row of the ranking."""
    raw = canonical.encode(
        {
            "type": CONTRACT,
            "lot": lot,
            "bid_id": winner["bid_id"],
            "manifest_sha256": winner["manifest_sha256"],
            "bidder": winner["bidder"],
            "price": money.wire(terms.price),
            "period_days": terms.period_days,
            "bond": {"amount": money.wire(bond.amount), "form": bond.form},
            "document": {"name": document.name, "sha256": document.sha256},
        }
    )
    days = "—" if terms.period_days is None else str(terms.period_days)
    words = Words(
        f"标段 {lot} 的合同：{winner['bidder']}，合同价 {money.figures(terms.price)} 元（{money.words(terms.price)}），"
        f"期限 {days} 日，履约保证金 {money.figures(bond.amount)} 元，文本 {document.name}。",
        f"The contract on lot {lot}: {winner['bidder']}, CNY {money.figures(terms.price)}, {days} days, "
        f"performance bond CNY {money.figures(bond.amount)}, text {document.name}.",
    )
    return ToSign(CONTRACT, raw, words, lot)


def change(lot: str, contract_sha256: str, addition: Fen, reason: str, document: Document) -> ToSign:
    raw = canonical.encode(
        {
            "type": CHANGE,
            "lot": lot,
            "contract_sha256": contract_sha256,
            "addition": money.wire(addition),
            "reason": reason,
            "document": {"name": document.name, "sha256": document.sha256},
        }
    )
    words = Words(
        f"标段 {lot} 的合同变更：追加 {money.figures(addition)} 元，原因：{reason}",
        f"A change of the contract on lot {lot}: CNY {money.figures(addition)} more. {reason}",
    )
    return ToSign(CHANGE, raw, words, lot)


def acceptance(lot: str, contract_sha256: str, document: Document) -> ToSign:
    raw = canonical.encode(
        {
            "type": ACCEPTANCE,
            "lot": lot,
            "contract_sha256": contract_sha256,
            "document": {"name": document.name, "sha256": document.sha256},
        }
    )
    words = Words(
        f"标段 {lot} 的合同已履行完毕并验收合格，验收报告 {document.name}。",
        f"The contract on lot {lot} is fulfilled and accepted: {document.name}.",
    )
    return ToSign(ACCEPTANCE, raw, words, lot)
