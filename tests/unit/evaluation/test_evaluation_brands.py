"""Bidders with goods of one brand count as one (order 87, art. 31)."""

from __future__ import annotations

import pytest
from evaluation_samples import even_sheets, method

from evaluation.methods.evaluate import evaluate
from evaluation.prices import Bid
from evaluation.result import Outcome, Result
from kernel.money import Fen


def bids(*offers: tuple[str, int, str | None]) -> list[Bid]:
    return [Bid(name, Fen(price * 100), None, brand) for name, price, brand in offers]


def judged(found: list[Bid], kind: str = "cn_lowest", subject: str = "goods") -> Result:
    scored = {"id": "cn_lowest", "price_weight": "100", "criteria": []} if kind == "cn_lowest" else {}
    spec = method(goods_or_services=subject, **scored)
    return evaluate(spec, found, even_sheets(spec, found))


def order(result: Result) -> list[str]:
    return [one.scored.bid_id for one in result.ranking]


@pytest.mark.parametrize("kind", ["cn_lowest", "cn_comprehensive"])
def test_g30_only_the_best_of_a_brand_stands(kind: str) -> None:
    found = bids(("A", 100, "青山"), ("B", 90, " 青山 "), ("C", 110, "南岭"), ("D", 95, None))
    assert order(judged(found, kind)) == ["B", "D", "C"]


def test_g30_bidders_of_one_brand_are_one_in_the_count_of_three() -> None:
    found = bids(("A", 100, "Lenor"), ("B", 90, "LENOR"), ("C", 110, "南岭"))
    assert judged(found).outcome is Outcome.FAILED
    assert order(judged([*found, *bids(("D", 120, "东山"))])) == ["B", "C", "D"]


def test_g30_equal_ones_of_a_brand_are_left_to_the_tie_rules() -> None:
    found = bids(("A", 90, "青山"), ("B", 90, "青山"), ("C", 110, "南岭"), ("D", 120, None))
    result = judged(found)
    assert [(one.scored.bid_id, one.rank, one.tied) for one in result.ranking][:2] == [("A", 1, True), ("B", 1, True)]


def test_g30_brands_do_not_matter_where_works_are_bought() -> None:
    found = bids(("A", 100, "青山"), ("B", 90, "青山"), ("C", 110, "青山"))
    assert order(judged(found, subject="works")) == ["B", "A", "C"]
