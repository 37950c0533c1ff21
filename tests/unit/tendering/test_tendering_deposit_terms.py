"""How large a bid deposit may be, and in what form (C15, G12, N13, L05, P09)."""

from __future__ import annotations

from typing import Any

import pytest

from tendering import packs, security

CONSTRUCTION = packs.load("cn.construction.open.2026")
PROCUREMENT = packs.load("cn.procurement.open.2026")
INQUIRY = packs.load("cn.procurement.inquiry.2026")
LAND = packs.load("cn.land.listing.2026")
PROPERTY = packs.load("cn.property.transfer.2026")
FORMS = ("transfer", "guarantee")


def lot(
    deposit: str | None, ceiling: str | None = "10000000.00", subject: str = "works", **more: Any
) -> dict[str, Any]:
    return {"deposit": deposit, "ceiling": ceiling, "method": {"goods_or_services": subject}, **more}


def codes(found: dict[str, Any], pack: packs.Pack, forms: tuple[str, ...] = FORMS) -> list[tuple[str, str]]:
    return [(fault.code, fault.rule.split(" ")[0]) for fault in security.faults(found, forms, pack)]


@pytest.mark.parametrize("pack", [CONSTRUCTION, PROCUREMENT, INQUIRY])
def test_c15_g12_n13_two_percent_is_the_most(pack: packs.Pack) -> None:
    assert codes(lot("200000.00", subject="goods"), pack) == []
    (fault,) = codes(lot("200000.01", subject="goods"), pack)
    assert fault[0] == "deposit.too_much"


@pytest.mark.parametrize(
    ("subject", "most"), [("works", "800000.00"), ("goods", "800000.00"), ("services", "100000.00")]
)
def test_c15_however_large_the_estimate(subject: str, most: str) -> None:
    assert codes(lot(most, "900000000.00", subject), CONSTRUCTION) == []
    more = most[:-1] + "1"
    assert codes(lot(more, "900000000.00", subject), CONSTRUCTION) == [("deposit.too_much", f"C15.{subject}")]


def test_c15_the_estimate_goes_before_the_ceiling() -> None:
    assert codes(lot("190000.00", "10000000.00", estimate="9000000.00"), CONSTRUCTION) == [("deposit.too_much", "C15")]


def test_l05_a_fifth_is_the_least_for_land() -> None:
    assert codes(lot("2000000.00"), LAND) == []
    assert codes(lot("1999999.99"), LAND) == [("deposit.too_little", "L05")]


def test_p09_thirty_percent_is_the_most_for_property() -> None:
    assert codes(lot("3000000.00"), PROPERTY) == []
    assert codes(lot("3000000.01"), PROPERTY) == [("deposit.too_much", "P09")]


def test_g12_no_cash() -> None:
    assert codes(lot("1.00"), PROCUREMENT, (*FORMS, "cash")) == [("deposit.cash", "G12.form")]


@pytest.mark.parametrize("forms", [(), ("guarantee",), ("transfer",), ("transfer", "alipay")])
def test_no_single_form_is_forced_on_bidders(forms: tuple[str, ...]) -> None:
    assert [code for code, _ in codes(lot("1.00"), CONSTRUCTION, forms)] == ["deposit.forms"]


def test_without_estimate_and_ceiling_the_share_cannot_be_told() -> None:
    assert [code for code, _ in codes(lot("1.00", None), CONSTRUCTION)] == ["deposit.base"]


@pytest.mark.parametrize("none", [None, "", "0.00", "many"])
def test_no_deposit_asks_for_nothing(none: str | None) -> None:
    assert codes(lot(none, None), CONSTRUCTION, ()) == []
