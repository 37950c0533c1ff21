"""The price agreed with a single source: signed by both, at most what was sealed, and the one that is awarded (N12.team)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kernel import canonical, keys, money
from kernel.errors import Words
from kernel.statements import Signed
from supervision.agreement_facts import SourceAgreed
from tendering.agreement import rules
from tendering.states import LotEvent
from verifier.case import LotCase, key_of
from verifier.claims import Section, not_due, one
from verifier.opening import Read


def agreed(lot: LotCase, read: list[Read]) -> Section[list[Read]]:
    """The bids as they are awarded: a single source's at the agreed price."""
    if rules.rule_of(lot.case.pack) is None:
        return read
    logged = lot.logged(SourceAgreed)
    shown = lot.happened(LotEvent.START_PUBLICITY)
    if not logged:
        if shown is not None:
            late = Words("单一来源未商定价格即公示", "a single source was put on view without an agreed price")
            yield from one("agreement", [late], late)
        else:
            yield not_due("agreement", "尚未与供应商商定价格", "no price is agreed with the supplier yet")
        return read
    fact = logged[-1][1]
    words = Words(f"商定价格 {fact.price} 元，双方签名无误", f"agreed on CNY {fact.price}, signed by both")
    yield from one("agreement", list(_faults(lot, fact, read, len(logged))), words)
    return [_priced(row, fact) for row in read]


def _priced(row: Read, fact: SourceAgreed) -> Read:
    if row.bid_id != fact.bid_id or row.sheet is None:
        return row
    return replace(row, sheet=replace(row.sheet, price=money.parse(fact.price)))


def _faults(lot: LotCase, fact: SourceAgreed, read: list[Read], times: int) -> Iterator[Words]:
    raw = keys.unb64(fact.file)
    said, found = canonical.decode(raw), next((row for row in read if row.bid_id == fact.bid_id), None)
    named = (said["type"], said["lot"], said["bid_id"], said["price"], said["record_sha256"])
    if named != (rules.AGREED, lot.code, fact.bid_id, fact.price, fact.record_sha256) or times > 1:
        yield Words("签署的协商内容与日志不符", "what was signed is not what was logged")
    if not Signed(raw, keys.unb64(fact.sig_owner)).signed_by(keys.parse(lot.keyset.fact_keys.owner)):
        yield Words("协商记录没有采购人的有效签名", "the agreement is not signed by the purchaser's key")
    if not Signed(raw, keys.unb64(fact.sig_supplier)).signed_by(key_of(keys.unb64(fact.supplier_cert))):
        yield Words("协商记录没有供应商的有效签名", "the agreement is not signed by the supplier's key")
    if found is None or found.sheet is None or found.sheet.price is None:
        yield Words("商定价格的响应没有开启", "a price was agreed for a response that was not opened")
    elif money.parse(fact.price) > found.sheet.price or said["supplier"] != found.sheet.header.bidder:
        yield Words("商定价格高于密封的报价，或者供应商不符", "agreed above the sealed price, or with somebody else")
