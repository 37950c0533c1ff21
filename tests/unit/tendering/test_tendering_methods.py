"""Method objects: C20, C42, G07, G18, G27, G28, G49."""

from typing import Any

import pytest

from tendering import methods, packs


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the deeper checks that evaluation registers, when it is loaded in this process."""
    monkeypatch.setattr(methods, "VALIDATORS", [])


CONSTRUCTION = packs.load("cn.construction.open.2026")
PROCUREMENT = packs.load("cn.procurement.open.2026")


def comprehensive(**changes: Any) -> dict[str, Any]:
    method = {
        "type": "kaibiao-method/1",
        "id": "cn_comprehensive",
        "price_weight": "40",
        "criteria": [
            {
                "id": "plan",
                "name": "施工组织设计",
                "name_en": "Work plan",
                "max": "35",
                "step": "0.5",
                "objective": False,
            },
            {"id": "record", "name": "业绩", "name_en": "Record", "max": "25", "step": "5", "objective": True},
        ],
        "rounding": {"price_score": "0.01", "criterion_mean": "0.01", "total": "0.01"},
        "deduction": None,
        "tie": ["price"],
        "minimum_valid": 3,
        "max_price": "21846300.00",
        "goods_or_services": "goods",
    }
    return {**method, **changes}


def codes_of(method: Any, pack: packs.Pack = PROCUREMENT, ceiling: str | None = "21846300.00") -> list[str]:
    return [fault.code for fault in methods.faults(method, pack, ceiling)]


def rules_of(method: Any, pack: packs.Pack = PROCUREMENT) -> list[str]:
    return [fault.rule for fault in methods.faults(method, pack, "21846300.00")]


def test_a_lawful_method_has_no_faults() -> None:
    assert codes_of(comprehensive()) == []
    assert codes_of(comprehensive(id="cn_lowest", price_weight="100", criteria=[])) == []


@pytest.mark.parametrize("method", [None, {}, [], "x", {"type": "kaibiao-method/2"}])
def test_a_missing_method_is_one_fault(method: Any) -> None:
    assert codes_of(method) == ["method.missing"]


def test_c42_only_methods_of_the_pack() -> None:
    assert "method.unknown" in codes_of(comprehensive(id="benchmark_mean"))


def test_weights_sum_to_100() -> None:
    assert codes_of(comprehensive(price_weight="41")) == ["method.weights"]


def test_fractions_are_summed_exactly() -> None:
    rows = [
        {"id": "a", "max": "0.1", "step": "0.1"},
        {"id": "b", "max": "0.2", "step": "0.1"},
        {"id": "c", "max": "59.7", "step": "0.1"},
    ]
    assert codes_of(comprehensive(criteria=rows)) == []


@pytest.mark.parametrize(("subject", "weight", "rest"), [("goods", "29", "71"), ("services", "9", "91")])
def test_g27_price_weight_floors(subject: str, weight: str, rest: str) -> None:
    rows = [{"id": "a", "max": rest, "step": "1"}]
    method = comprehensive(goods_or_services=subject, price_weight=weight, criteria=rows)
    assert codes_of(method) == ["method.price_weight"]
    assert rules_of(method)[0].startswith("G27")


@pytest.mark.parametrize(("subject", "weight", "rest"), [("goods", "30", "70"), ("services", "10", "90")])
def test_g27_the_floor_itself_is_lawful(subject: str, weight: str, rest: str) -> None:
    rows = [{"id": "a", "max": rest, "step": "1"}]
    assert codes_of(comprehensive(goods_or_services=subject, price_weight=weight, criteria=rows)) == []


def test_g28_no_price_may_be_dropped() -> None:
    method = comprehensive(drop_extreme_prices=True)
    assert codes_of(method) == ["method.drops_prices"]
    assert rules_of(method)[0].startswith("G28")


@pytest.mark.parametrize(("pack", "rule"), [(CONSTRUCTION, "C20"), (PROCUREMENT, "G07")])
def test_c20_g07_a_minimum_price_in_the_method_is_forbidden(pack: packs.Pack, rule: str) -> None:
    method = comprehensive(min_price="1.00", goods_or_services="works")
    assert [found for found in rules_of(method, pack) if found.startswith(rule)]


@pytest.mark.parametrize(
    ("subject", "share"), [("goods", "0.09"), ("services", "0.21"), ("works", "0.10"), ("goods", "abc")]
)
def test_g49_deduction_out_of_range(subject: str, share: str) -> None:
    method = comprehensive(goods_or_services=subject, deduction={"small": share})
    assert codes_of(method) == ["method.deduction"]
    assert rules_of(method)[0].startswith("G49 ")


@pytest.mark.parametrize(
    ("subject", "share"), [("goods", "0.10"), ("services", "0.20"), ("works", "0.03"), ("works", "0.05")]
)
def test_g49_the_ends_of_the_range_are_lawful(subject: str, share: str) -> None:
    assert codes_of(comprehensive(goods_or_services=subject, deduction={"small": share})) == []


def test_g49_construction_law_knows_no_deduction() -> None:
    assert codes_of(comprehensive(goods_or_services="works", deduction={"small": "0.04"}), CONSTRUCTION) == [
        "method.deduction"
    ]


@pytest.mark.parametrize("least", [2, 0, None, "3", True])
def test_c30_g18_at_least_three_valid_bids(least: Any) -> None:
    assert codes_of(comprehensive(minimum_valid=least)) == ["method.minimum_valid"]
    assert rules_of(comprehensive(minimum_valid=least))[0].startswith("G18")
    assert rules_of(comprehensive(minimum_valid=least), CONSTRUCTION)[0].startswith("C30")


def test_c20_the_maximum_price_is_the_lots() -> None:
    assert codes_of(comprehensive(), ceiling=None) == ["method.max_price"]


@pytest.mark.parametrize("step", ["0", "0.3", "", None, "-1"])
def test_points_are_a_multiple_of_the_step(step: Any) -> None:
    rows = [{"id": "a", "max": "60", "step": step}] if step != "0.3" else [{"id": "a", "max": "60", "step": "0.7"}]
    assert "method.criteria.step" in codes_of(comprehensive(criteria=rows))


def test_criteria_have_ids_of_their_own() -> None:
    rows = [{"id": "a", "max": "30", "step": "1"}, {"id": "a", "max": "30", "step": "1"}]
    assert codes_of(comprehensive(criteria=rows)) == ["method.criteria.id"]


@pytest.mark.parametrize(
    "rounding",
    [None, {}, {"total": "0.01"}, {"price_score": "x", "criterion_mean": "0.01", "total": "0.01"}, {"other": "0.01"}],
)
def test_rounding_stages_are_named(rounding: Any) -> None:
    assert codes_of(comprehensive(rounding=rounding)) == ["method.rounding"]


@pytest.mark.parametrize("rows", [None, "x", [1], [{"id": "a"}]])
def test_malformed_criteria_are_faults_not_crashes(rows: Any) -> None:
    assert codes_of(comprehensive(criteria=rows))


def test_a_validator_of_a_slice_above_is_heard() -> None:
    methods.VALIDATORS.append(lambda method: ["step too fine"] if method["id"] == "cn_lowest" else [])
    assert codes_of(comprehensive(id="cn_lowest")) == ["method.invalid"]


def test_every_fault_carries_a_rule_and_two_languages() -> None:
    bad = comprehensive(
        id="x", min_price="1", drop_lowest=1, price_weight="1", rounding={}, deduction={"small": "1"}, minimum_valid=1
    )
    found = methods.faults(bad, PROCUREMENT, None)
    assert len(found) >= 6
    assert all(fault.rule and fault.zh and fault.en for fault in found)
