"""The owner's base price, opened again: one at most, sealed in time, read out as it was sealed (条例 art. 27; C20.base)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from kernel import canonical, money
from kernel.errors import Words
from sealing import baseprice
from sealing.faults import Judgment
from sealing.wire import WireError
from supervision import facts
from supervision.base_price_facts import BasePriceLine, BasePriceOpened, BasePriceSealed, BasePriceUnread
from supervision.deadline import signed_by
from verifier.case import LotCase, short
from verifier.claims import Section, not_due, one
from verifier.source import read_json

TOPIC = "base_price"
Said = tuple[int, BasePriceOpened | BasePriceUnread]


def base_price(lot: LotCase) -> Section[None]:
    """Nothing is claimed of a lot without one; an amount that was read out although none was sealed is a lie."""
    sealed, said = lot.logged(BasePriceSealed), _said(lot)
    if not sealed and not said:
        return
    wrong = [*_one_only(lot, sealed), *_in_time(lot, sealed)]
    counts = lot.view.base_price
    if said and counts is None:
        wrong.append(Words("公布了没有依法封存的标底", "a base price was read out that nobody sealed in time"))
    if wrong or counts is None or not said:
        yield from one(TOPIC, [*wrong, *_unsaid(lot, counts, said)], _sealed_words(sealed[-1:]))
        if counts is not None and not said:
            yield not_due(TOPIC, "标底在开标时公布", "the base price is read out at the opening")
        return
    yield from one(TOPIC, _read_faults(lot, counts, said), _read_words(said[0][1]))


def _said(lot: LotCase) -> list[Said]:
    return sorted(
        [*lot.logged(BasePriceOpened), *lot.logged(BasePriceUnread)], key=lambda found: found[0]
    )  # fmt: skip


def _one_only(lot: LotCase, sealed: list[tuple[int, BasePriceSealed]]) -> Iterator[Words]:
    """One for each keyset; every one that was logged is signed by its owner and whole."""
    named = Counter(_keyset_of(fact) for _, fact in sealed)
    if any(count > 1 for count in named.values()):
        yield Words("同一标段封存了不止一个标底", "more than one base price was sealed for the lot")
    for terms in lot.all_terms:
        for index, fact in sealed:
            if _keyset_of(fact) == terms.sha256 and baseprice.faults(fact.signed, terms.keyset, terms.sha256):
                yield Words(f"第 {index} 条的标底没有封好", f"entry {index} is no sealed base price of its owner")


def _keyset_of(fact: BasePriceSealed) -> str:
    return baseprice.BasePrice.read(fact.signed).manifest.keyset_sha256


def _in_time(lot: LotCase, sealed: list[tuple[int, BasePriceSealed]]) -> Iterator[Words]:
    final = lot.view.final
    for index, _ in sealed:
        if final is not None and index >= final.fact.cut_size:
            yield Words(f"第 {index} 条标底在截止之后封存", f"the base price of entry {index} came after the deadline")


def _unsaid(lot: LotCase, counts: BasePriceSealed | None, said: list[Said]) -> Iterator[Words]:
    """An opening does not end without a word about the base price that counts."""
    if counts is not None and not said and lot.logged(facts.OpeningRecord):
        yield Words("开标结束而没有公布标底", "the opening ended without a word about the base price")


def _read_faults(lot: LotCase, counts: BasePriceSealed, said: list[Said]) -> Iterator[Words]:
    """What was said is what t trustees' lines open, and what the record says."""
    index, fact = said[0]
    if len(said) > 1 or any(one_fact.base_price_sha256 != counts.signed.sha256 for _, one_fact in said):
        yield Words("公布的不是所封存的标底，或公布了不止一次", "another base price was read out, or more than one")
    lines = _lines(lot, counts, index)
    found = _opened(counts, lines)
    if isinstance(fact, BasePriceOpened):
        here = (money.wire(found.amount), canonical.sha(found.plain)) if isinstance(found, baseprice.Revealed) else None
        if here != (fact.amount, fact.sheet_sha256):
            yield Words("公布的标底不是所封存的金额", "the base price read out is not the one that was sealed")
    elif isinstance(found, baseprice.Revealed):
        yield Words("标底可以开启，却称不能开启", "the base price opens, but was said not to")
    yield from _record_faults(lot, fact)


def _lines(lot: LotCase, counts: BasePriceSealed, before: int) -> Mapping[int, bytes]:
    """Of trustees' signed statements below the fact that rests on them, by share index."""
    found = dict[int, bytes]()
    for index, fact in lot.logged(BasePriceLine):
        witness = lot.book.policy.witnesses.get(fact.node)
        if index > before or witness is None or not signed_by(fact.signed, witness.sign_key):
            continue
        try:
            said = baseprice.BaseLine.read(fact.signed)
        except WireError:
            continue
        own = lot.view.trustee_of(witness.sign_key) == said.i
        if own and said.base_price_sha256 == counts.signed.sha256 and said.line is not None:
            found[said.i] = said.line.encode("ascii")
    return found


def _opened(counts: BasePriceSealed, lines: Mapping[int, bytes]) -> baseprice.Revealed | Judgment | None:
    sealed = baseprice.BasePrice.read(counts.signed)
    return None if len(lines) < sealed.envelope.t else baseprice.reveal(sealed, lines)


def _record_faults(lot: LotCase, fact: BasePriceOpened | BasePriceUnread) -> Iterator[Words]:
    if not lot.logged(facts.OpeningRecord):
        return
    found = read_json(lot.archive, lot.path("record.json")).get("base_price")
    told = found if isinstance(found, dict) else {}
    amount = fact.amount if isinstance(fact, BasePriceOpened) else None
    if (told.get("base_price_sha256"), told.get("amount")) != (fact.base_price_sha256, amount):
        yield Words("开标记录中的标底与公布的不同", "the record says another base price than was read out")


def _sealed_words(sealed: list[tuple[int, BasePriceSealed]]) -> Words:
    digest = short(sealed[0][1].signed.sha256) if sealed else ""
    return Words(f"标底 {digest} 已封存，只有一个", f"one base price is sealed: {digest}")


def _read_words(fact: BasePriceOpened | BasePriceUnread) -> Words:
    if isinstance(fact, BasePriceOpened):
        return Words(f"标底 {fact.amount} 元，与封存的一致", f"base price CNY {fact.amount}, as it was sealed")
    return Words(
        f"标底未能开启（{fact.rule}），重算相同", f"the base price could not be opened ({fact.rule}), here neither"
    )
