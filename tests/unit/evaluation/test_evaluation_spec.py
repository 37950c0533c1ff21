from fractions import Fraction

import pytest
from evaluation_samples import criterion, method, method_json

from evaluation import spec
from kernel import canonical
from kernel.errors import Invalid


def refused(**changed):
    with pytest.raises(Invalid) as found:
        method(**changed)
    return found.value


def test_the_hash_is_of_the_exact_bytes_of_the_notice():
    raw = canonical.encode(method_json())
    found = spec.parse(raw)
    assert found.raw == raw
    assert found.sha256 == canonical.sha(raw)
    assert spec.to_json(found) == method_json()


def test_weights_must_sum_to_one_hundred():
    assert "sum to 110.00" in refused(price_weight="50").detail["fields"]["price_weight"]


def test_dropping_extreme_prices_is_not_an_option_that_exists():
    assert refused(drop_extreme_prices=True).detail["fields"] == {"drop_extreme_prices": "no such parameter"}


def test_everything_wrong_is_said_at_once():
    fields = refused(minimum_valid=0, tie="price", rounding={}, id="cheapest").detail["fields"]
    assert fields.keys() == {"minimum_valid", "tie", "rounding", "id"}


@pytest.mark.parametrize("name", sorted(method_json().keys() - {"goods_or_services"}))
def test_no_parameter_has_a_silent_default(name):
    value = method_json()
    del value[name]
    # null means that there is none; leaving it out is not the same as saying so
    with pytest.raises(Invalid) as found:
        spec.from_json(value)
    assert found.value.detail["fields"] == {name: "missing"}


@pytest.mark.parametrize(
    "changed",
    [
        {"criteria": [criterion("plan", "60", step="0.7")]},
        {"criteria": [criterion("plan", "60", step="0")]},
        {"criteria": [criterion("plan", "30"), criterion("plan", "30")]},
        {"criteria": [{**criterion("plan", "60"), "weight": "1"}]},
        {"criteria": {}},
        {"price_weight": 40},
        {"price_weight": "140"},
        {"deduction": {"small": "1"}},
        {"deduction": {"small": 0}},
        {"max_price": "100"},
        {"minimum_valid": True},
        {"tie": ["earlier"]},
        {"rounding": {"price_score": "0.05", "criterion_mean": "0.01", "total": "0.01"}},
        {"type": "kaibiao-method/2"},
        {"id": "cn_lowest"},
    ],
)
def test_a_method_that_does_not_stand_is_refused(changed):
    assert refused(**changed).code == "method.invalid"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"a":1,"a":2}', b'{"a":1.5}', b"\xff"])
def test_bytes_that_are_no_method_are_refused(raw):
    with pytest.raises(Invalid):
        spec.parse(raw)


def test_what_is_bought_or_sold_is_a_known_subject():
    assert refused(goods_or_services="weather").detail["fields"].keys() == {"goods_or_services"}
    value = method_json()
    del value["goods_or_services"]
    assert spec.from_json(value).subject is None


def test_criteria_are_found_by_id():
    found = method()
    assert found.criterion("plan").maximum == Fraction(40)
    assert found.criterion("nothing") is None
