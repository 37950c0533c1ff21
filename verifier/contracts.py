"""What followed the award: each undone one before the next, the contract as bid and signed by both, additions, archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernel import canonical, clock, keys, money
from kernel.errors import Refusal, Words
from supervision import contract_facts, facts
from tendering.contracts import rules
from tendering.contracts.rules import Terms
from tendering.contracts.statements import ACCEPTANCE, CONTRACT
from tendering.packs import Kind
from verifier import offers
from verifier.case import LotCase, key_of, short
from verifier.claims import Section, lie, one
from verifier.opening import Read


def undone(lot: LotCase) -> bool:
    """Whether the last award was undone, and no other made since."""
    return len(lot.logged(contract_facts.CandidateDropped)) >= len(lot.logged(facts.Award))


def succession_faults(lot: LotCase) -> Iterator[Words]:
    """Every award but the last was undone, of its own winner, before the next was made (T24)."""
    awards, dropped = lot.logged(facts.Award), lot.logged(contract_facts.CandidateDropped)
    if len(awards) - len(dropped) not in (0, 1):
        yield Words(
            f"日志中有 {len(awards)} 次定标，{len(dropped)} 次取消",
            f"the log holds {len(awards)} awards and {len(dropped)} of them undone",
        )
        return
    for number, (index, fact) in enumerate(dropped):
        following = awards[number + 1][0] if number + 1 < len(awards) else None
        ordered = awards[number][0] < index and (following is None or index < following)
        if not ordered or fact.bid_id != awards[number][1].bid_id:
            yield Words(
                "取消中标与定标的次序或对象不符", "an award was undone out of order, or another's than was made"
            )
        if fact.bid_id not in (lot.told["given_up"] or {}):
            yield Words("平台未公布被取消的中标人", "the portal does not show whom it passed over")


def contract(lot: LotCase, read: Sequence[Read]) -> Section[None]:
    """Price and period are those of the winning bid as opened, and both sides signed these very words (C55)."""
    logged = lot.logged(contract_facts.ContractSigned)
    if not logged:
        yield lie("contract", "日志中没有合同", "under contract, but the log holds none")
        return
    fact = logged[-1][1]
    said: Mapping[str, Any] = canonical.decode(keys.unb64(fact.file))
    faults = [*_bid_faults(lot, fact, read), *_signature_faults(lot, fact), *_said_faults(lot, fact, said)]
    faults += _addition_faults(lot, fact)
    if len(logged) > 1:
        faults.append(Words("日志中有两份合同", "the log holds two contracts"))
    words = Words(
        f"{fact.price} 元，{fact.period_days or '—'} 日，与密封的投标一致，双方签名无误",
        f"CNY {fact.price}, {fact.period_days or 'no'} days, as sealed in the bid and signed by both sides",
    )
    yield from one("contract", faults, words)


def _bid_faults(lot: LotCase, fact: contract_facts.ContractSigned, read: Sequence[Read]) -> Iterator[Words]:
    awards = lot.logged(facts.Award)
    if not awards or awards[-1][1].bid_id != fact.bid_id or undone(lot):
        yield Words("合同对方不是中标人", "the contract is not with the winner")
    price = offers.sold(lot)
    if price is not None:
        yield from rules.differences(Terms(price, None), Terms(money.parse(fact.price), None))
        return
    sheet = next((row.sheet for row in read if row.bid_id == fact.bid_id), None)
    if sheet is None or sheet.price is None:
        yield Words("合同所据的投标未开启", "the bid under the contract was never opened")
        return
    awarded = money.parse(awards[-1][1].price) if awards else sheet.price
    yield from rules.differences(Terms(awarded, sheet.period_days), Terms(money.parse(fact.price), fact.period_days))


def _said_faults(lot: LotCase, fact: contract_facts.ContractSigned, said: Mapping[str, Any]) -> Iterator[Words]:
    told = (said["type"], said["lot"], said["bid_id"], said["price"], said["period_days"], said["document"]["sha256"])
    if told != (CONTRACT, lot.code, fact.bid_id, fact.price, fact.period_days, fact.contract_sha256):
        yield Words("双方签署的与日志所载合同不同", "both sides signed another contract than was logged")
    notified = [row.at for _, row in lot.logged(contract_facts.AwardNotified)]
    if not notified or notified[-1] > fact.at:
        yield Words("订立合同前没有发出中标通知书", "there was no award notice before the contract")


def _signature_faults(lot: LotCase, fact: contract_facts.ContractSigned) -> Iterator[Words]:
    raw = keys.unb64(fact.file)
    if not keys.verified(keys.unb64(fact.sig_owner), raw, keys.parse(lot.keyset.fact_keys.owner)):
        yield Words("合同没有招标人的有效签名", "the contract is not signed by the owner's key")
    if not keys.verified(keys.unb64(fact.sig_winner), raw, key_of(keys.unb64(fact.winner_cert))):
        yield Words("合同没有中标人的有效签名", "the contract is not signed by the winner's key")


def _addition_faults(lot: LotCase, fact: contract_facts.ContractSigned) -> Iterator[Words]:
    earlier: list[money.Fen] = []
    for _, row in lot.logged(contract_facts.ContractChanged):
        try:
            rules.check_addition(lot.case.pack, money.parse(fact.price), earlier, money.parse(row.addition))
        except Refusal as refusal:
            yield refusal.words
        earlier.append(money.parse(row.addition))


def fulfilled(lot: LotCase) -> Section[None]:
    """The owner signed that the work was accepted."""
    logged = lot.logged(contract_facts.ContractFulfilled)
    if not logged:
        yield lie("fulfilled", "日志中没有验收", "called fulfilled, but the log holds no acceptance")
        return
    signed = logged[-1][1]
    raw = keys.unb64(signed.file)
    said = canonical.decode(raw)
    faults = []
    if not keys.verified(keys.unb64(signed.sig), raw, keys.parse(lot.keyset.fact_keys.owner)):
        faults.append(Words("验收没有招标人的有效签名", "the acceptance is not signed by the owner's key"))
    if (said["type"], said["lot"]) != (ACCEPTANCE, lot.code):
        faults.append(Words("招标人签署的是另一份验收", "the owner signed another acceptance"))
    yield from one("fulfilled", faults, Words("验收签名无误", "accepted, signed by the owner"))


def archived(lot: LotCase) -> Section[None]:
    """The archive's hash stands in the log once, kept for as long as the law asks."""
    logged = lot.logged(contract_facts.ArchiveSealed)
    fact, faults = logged[-1][1], []
    if lot.case.pack.find(Kind.MIN_YEARS, "archive"):
        least, law = rules.retain_until(lot.case.pack, clock.parse_rfc3339(fact.at))
        if clock.parse_rfc3339(fact.retain_until) < least:
            faults.append(Words(f"保存期限短于 {law} 的要求", f"kept for less than {law} asks"))
    if len(logged) > 1:
        faults.append(Words("日志中有两份档案", "the log holds two archives"))
    words = Words(
        f"{short(fact.archive_sha256)}，保存至 {fact.retain_until}",
        f"{short(fact.archive_sha256)}, kept until {fact.retain_until}",
    )
    yield from one("archive", faults, words)
