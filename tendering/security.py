"""Terms of the bid deposit in a draft: how much may be asked, and in what form (C15, G12, N13, L05, P09). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from kernel import money
from kernel.law import holds
from kernel.money import Fen
from tendering.methods import Fault
from tendering.packs import OFFERS, Kind, Pack, Rule

FREE_FORM = "发改法规〔2023〕27号"


class Form(StrEnum):
    """How a deposit may be given."""

    TRANSFER = "transfer"
    ALIPAY = "alipay"
    GUARANTEE = "guarantee"
    CASH = "cash"


def faults(lot: Mapping[str, Any], forms: Sequence[str], pack: Pack) -> list[Fault]:
    """What is wrong with a lot's deposit; nothing where none is asked for."""
    deposit = _fen(lot.get("deposit"))
    if not deposit:
        return []
    base = _fen(lot.get("floor")) or _fen(lot.get("estimate")) or _fen(lot.get("ceiling"))
    subject = str((lot.get("method") or {}).get("goods_or_services") or "")
    share = _share(deposit, base, pack) if base else _unbased(pack)
    return [*share, *_amount(deposit, subject, pack), *_forms(forms, pack)]


@holds("deposit")
def _share(deposit: Fen, base: Fen, pack: Pack) -> Iterator[Fault]:
    """A share of the estimate, of the ceiling where no estimate is stated, of the floor where one sells: at most, for land at least."""
    for rule in pack.find(Kind.MAX_PERCENT, "deposit"):
        if deposit * 100 > base * rule.value:
            yield _too("much", rule, f"不得超过 {rule.value}%", f"at most {rule.value} %")
    for rule in pack.find(Kind.MIN_PERCENT, "deposit"):
        if deposit * 100 < base * rule.value:
            yield _too("little", rule, f"不得低于 {rule.value}%", f"at least {rule.value} %")


def _unbased(pack: Pack) -> Iterator[Fault]:
    for rule in (*pack.find(Kind.MAX_PERCENT, "deposit"), *pack.find(Kind.MIN_PERCENT, "deposit")):
        yield Fault(
            "deposit.base",
            "请填写预算或者最高限价，以核对保证金。",
            "State the estimate or the ceiling: the deposit hangs on it.",
            rule.cited,
        )


@holds("deposit.works", "deposit.goods", "deposit.services")
def _amount(deposit: Fen, subject: str, pack: Pack) -> Iterator[Fault]:
    for rule in pack.find(Kind.MAX_AMOUNT, f"deposit.{subject}"):
        if deposit > rule.value:
            most = money.figures(Fen(rule.value))
            yield _too("much", rule, f"不得超过 {most} 元", f"at most {most} yuan")


@holds("deposit_cash")
def _forms(forms: Sequence[str], pack: Pack) -> Iterator[Fault]:
    """Not in cash where the law forbids it, and never in one form only: a letter of guarantee is always as good."""
    for rule in pack.find(Kind.FORBIDDEN, "deposit_cash"):
        if Form.CASH in forms:
            yield Fault("deposit.cash", "保证金不得以现金形式交纳。", "A deposit is not paid in cash.", rule.cited)
    if pack.procedure in OFFERS:
        if not forms:
            yield Fault(
                "deposit.forms", "请选择保证金的形式。", "Say in which form a deposit is given.", pack.clause("deposit")
            )
        return  # the freedom of form is a bidder's in tenders, not a buyer's
    if Form.GUARANTEE not in forms or len(set(forms)) < 2:
        yield Fault("deposit.forms", "应当同时接受保函和至少一种转账方式。", "Accept letters of guarantee and at least one way of payment.", FREE_FORM)  # fmt: skip


def _too(what: str, rule: Rule, zh: str, en: str) -> Fault:
    return Fault(f"deposit.too_{what}", f"投标保证金{zh}。", f"The bid deposit is {en}.", rule.cited)


def _fen(text: Any) -> Fen | None:
    """The amount as a draft holds it; None for what is no amount, which the schema refuses elsewhere."""
    try:
        return money.parse(str(text)) if text else None
    except ValueError:
        return None
