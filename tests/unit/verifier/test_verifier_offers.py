"""What a stranger finds wrong with a sale: another buyer, a price below the reserve, a reserve opened early, a missing signature."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from kernel import canonical, keys, money
from kernel.money import Fen
from supervision import facts, offer_facts
from supervision.offer_facts import Quote
from tendering import packs
from tendering.offers.reserve import commitment
from tendering.states import LotEvent
from verifier import offers
from verifier.claims import Claim, Mark

LOT, AT, NONCE, SHA = "B9901010000000001001001", "2026-03-02T01:00:00Z", "ab" * 32, "cd" * 32
OWNER, BUYER = keys.generate(), keys.generate()


@dataclass
class Told:
    """A lot as the verifier sees it, from nothing but facts."""

    pack: str
    sale: dict[str, Any]
    log: list[Any] = field(default_factory=list)
    code: str = LOT
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def case(self) -> Any:
        return SimpleNamespace(pack=packs.load(self.pack), notice={"lots": [{"lot": LOT, "sale": self.sale}]})

    @property
    def keyset(self) -> Any:
        return SimpleNamespace(fact_keys=SimpleNamespace(owner=keys.spell(OWNER.public_key())))

    def logged(self, kind: type) -> list[tuple[int, Any]]:
        return [(index, fact) for index, fact in enumerate(self.log) if isinstance(fact, kind)]

    def happened(self, event: LotEvent) -> Any:
        found = [fact for _, fact in self.logged(facts.StateChanged) if fact.event == event]
        return found[-1] if found else None


def moved(was: str, event: str, now: str) -> facts.StateChanged:
    return facts.StateChanged(
        lot=LOT, was=was, now=now, event=event, plane="clock", role="CLOCK", at=AT, law=("法",), guards=()
    )


def struck(price: str, by: str = "aa", way: str = "on_site") -> offer_facts.DealStruck:
    return offer_facts.DealStruck(
        lot=LOT, way=way, bid_id=by, bidder="甲", price=price, floor="100.00", reserve=None, at=AT
    )


def called(*quotes: tuple[str, str]) -> offer_facts.SaleOnSite:
    return offer_facts.SaleOnSite(
        lot=LOT, quotes=tuple(Quote(by=by, price=price) for by, price in quotes), record_sha256=SHA, at=AT
    )


def reserve(amount: str, nonce: str = NONCE) -> offer_facts.ReserveOpened:
    return offer_facts.ReserveOpened(lot=LOT, commitment=committed("150.00"), amount=amount, nonce=nonce, at=AT)


def committed(amount: str) -> str:
    return commitment(money.parse(amount), NONCE)


def listing(*log: Any, reserve_sha256: str | None = None) -> Told:
    moves = [moved("draft", "list", "listing"), moved("listing", "bidding", "bidding")]
    return Told("cn.land.listing.2026", {"floor": "100.00", "reserve_sha256": reserve_sha256}, [*moves, *log])


def lies(lot: Told) -> list[str]:
    found: Iterator[Claim] = offers.sale(lot, [], [], [])  # type: ignore[arg-type]
    return [claim.words.en for claim in found if claim.mark is Mark.LIE]


def test_l10_the_highest_called_and_of_equals_the_first_buys() -> None:
    honest = listing(called(("aa", "200.00"), ("bb", "200.00")), struck("200.00"))
    assert lies(honest) == []
    assert lies(listing(called(("bb", "200.00"), ("aa", "200.00")), struck("200.00"))) != []
    assert lies(listing(called(("aa", "200.00"), ("bb", "300.00")), struck("200.00"))) != []
    assert lies(listing(struck("200.00"))) == ["the log holds no outcome of the sale on site"]


def test_l09_p13_sold_below_the_floor_or_unsold_above_it_is_a_lie() -> None:
    assert "sold below floor or reserve" in lies(listing(called(("aa", "99.00")), struck("99.00")))
    failed = facts.TenderFailed(lot=LOT, reason="无人", law="法")
    ended = [called(("aa", "120.00")), moved("bidding", "no_deal", "failed"), failed]
    assert lies(listing(*ended)) == ["called unsold, although an offer reached the reserve"]
    assert lies(listing(called(("aa", "99.00")), moved("bidding", "no_deal", "failed"), failed)) == []
    assert lies(listing(moved("bidding", "no_deal", "failed"))) == ["ended without a reason in the log"]


def test_l04_the_reserve_is_the_one_of_the_notice_opened_after_the_offers() -> None:
    log = [called(("aa", "200.00")), struck("200.00")]
    assert lies(listing(reserve("150.00"), *log, reserve_sha256=committed("150.00"))) == []
    assert lies(listing(reserve("140.00"), *log, reserve_sha256=committed("150.00"))) != []
    early = Told("cn.land.listing.2026", {"floor": "100.00", "reserve_sha256": committed("150.00")})
    early.log = [moved("draft", "list", "listing"), reserve("150.00"), moved("listing", "bidding", "bidding"), *log]
    assert lies(early) == ["the reserve was opened before offers were known"]


def test_p08_one_taker_is_one() -> None:
    sale = {"floor": "100.00", "reserve_sha256": None}
    lot = Told(
        "cn.property.transfer.2026", sale, [moved("draft", "list", "listing"), struck("120.00", way="one_taker")]
    )
    assert lies(lot) == []
    lot.log.insert(1, moved("listing", "takers", "collecting"))
    assert lies(lot) == ["called one taker, although a contest had begun"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("", []),
        ("owner", ["not signed by the seller's key"]),
        ("buyer", ["not signed by the buyer's key"]),
        ("price", ["the confirmation names another lot or price"]),
        ("stranger", ["the confirmation names another buyer"]),
    ],
)
def test_l13_a_confirmation_bears_both_signatures_over_the_deal(wrong: str, said: list[str]) -> None:
    words = {"type": offers.TYPE, "lot": LOT, "bid_id": "aa", "manifest_sha256": SHA, "bidder": "甲", "price": "200.00"}
    words |= {"price": "1.00"} if wrong == "price" else {}
    words |= {"bid_id": "bb"} if wrong == "stranger" else {}
    raw = canonical.encode(words)
    by_owner, by_buyer = (BUYER if wrong == "owner" else OWNER), (OWNER if wrong == "buyer" else BUYER)
    confirmed = offer_facts.DealConfirmed(
        lot=LOT, file=keys.b64(raw), sig_owner=keys.b64(keys.sign(raw, by_owner)),
        sig_winner=keys.b64(keys.sign(raw, by_buyer)), winner_cert=keys.b64(certificate(BUYER)), public_until=None, at=AT,
    )  # fmt: skip
    award = facts.Award(lot=LOT, bid_id=words["bid_id"], manifest_sha256=SHA, bidder="甲", price=words["price"])
    assert lies(listing(called(("aa", "200.00")), struck("200.00"), award, confirmed)) == said


def test_p11_a_result_that_is_not_public_long_enough_is_a_lie() -> None:
    words = {"type": offers.TYPE, "lot": LOT, "bid_id": "aa", "manifest_sha256": SHA, "bidder": "甲", "price": "200.00"}
    raw = canonical.encode(words)
    award = facts.Award(lot=LOT, bid_id="aa", manifest_sha256=SHA, bidder="甲", price="200.00")
    found = {}
    for until in ("2026-03-09T16:00:00Z", "2026-03-09T15:59:59Z"):
        confirmed = offer_facts.DealConfirmed(
            lot=LOT, file=keys.b64(raw), sig_owner=keys.b64(keys.sign(raw, OWNER)),
            sig_winner=keys.b64(keys.sign(raw, BUYER)), winner_cert=keys.b64(certificate(BUYER)), public_until=until, at=AT,
        )  # fmt: skip
        log = [moved("draft", "list", "listing"), struck("200.00", way="one_taker"), award, confirmed]
        found[until] = lies(Told("cn.property.transfer.2026", {"floor": "100.00", "reserve_sha256": None}, log))
    assert found["2026-03-09T16:00:00Z"] == []
    assert len(found["2026-03-09T15:59:59Z"]) == 1


def certificate(key: keys.PrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "甲")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + dt.timedelta(days=365))
    return made.sign(key, None).public_bytes(serialization.Encoding.DER)  # type: ignore[arg-type]


def test_a3_a_deal_that_fell_has_its_reason() -> None:
    log = [called(("aa", "200.00")), struck("200.00"), moved("deal", "no_deal", "failed")]
    assert lies(listing(*log)) == ["the deal fell without a reason in the log"]
    fallen = offer_facts.DealFallen(lot=LOT, reason="竞得人放弃", law="法", at=AT)
    assert lies(listing(*log, fallen)) == []
    assert offers.sold(listing(*log)) == Fen(20_000)  # type: ignore[arg-type]
