"""C20.base: the base price is a reference; no head of rejection, no method and no verdict knows it (条例 art. 27, 50)."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from evaluation import heads
from evaluation.heads import Head
from evaluation.spec import MethodSpec
from tendering import methods, packs
from tendering.codes import Trade

ROOT = Path(__file__).parents[3]
CONSTRUCTION = packs.load("cn.construction.open.2026")
METHOD: dict[str, Any] = {
    "type": methods.TYPE, "id": "cn_comprehensive", "goods_or_services": "works", "price_weight": "60",
    "criteria": [{"id": "plan", "name": "施工组织设计", "name_en": "Plan", "max": "40", "step": "0.5", "objective": False}],
    "rounding": {"price_score": "0.01", "criterion_mean": "0.01", "total": "0.01"}, "deduction": None, "tie": [],
    "minimum_valid": 3, "max_price": None,
}  # fmt: skip


def codes(method: dict[str, Any], pack: packs.Pack = CONSTRUCTION) -> list[str]:
    return [fault.code for fault in methods.faults(method, pack, None)]


@pytest.mark.parametrize("trade", Trade)
def test_c20_base_no_head_of_rejection_speaks_of_the_base_price(trade: Trade) -> None:
    assert set(heads.lawful(trade)) <= set(Head)
    for head, words in heads.WORDS.items():
        assert "base" not in head.value
        assert not heads.rests_on_base_price(words.zh)
        assert not heads.rests_on_base_price(words.en)


@pytest.mark.parametrize("ground", ["报价低于标底 5% 以上", "超过标底上下浮动范围", "Below the Base Price"])
def test_c20_base_a_ground_in_words_that_appeals_to_it_is_recognized(ground: str) -> None:
    assert heads.rests_on_base_price(ground)
    assert not heads.rests_on_base_price("未实质性响应招标文件")


def test_c20_base_a_method_neither_limits_prices_by_it_nor_scores_nearness_to_it() -> None:
    assert codes(METHOD) == []
    near = {**METHOD["criteria"][0], "name": "投标报价与标底的接近程度"}
    assert codes({**METHOD, "criteria": [near]}) == ["method.base_price"]
    assert codes({**METHOD, "base_price": "1.00"}) == ["method.base_price"]
    (fault,) = methods.faults({**METHOD, "criteria": [near]}, CONSTRUCTION, None)
    assert fault.rule.startswith("C20.base ")
    assert "第五十条" in fault.rule


def test_c20_base_what_a_method_is_computed_from_has_no_place_for_it() -> None:
    assert not [name for name in MethodSpec.__dataclass_fields__ if "base" in name]


def test_c20_base_no_evaluation_code_reads_it() -> None:
    """The packages that reject, score and rank import nothing of it, so nothing of theirs can depend on its amount."""
    for path in (ROOT / "evaluation").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = getattr(node, "module", None) or ""
            assert "baseprice" not in module, path
            assert not [name for name in names if "baseprice" in name.lower()], path
