"""Words that may shut bidders out (rules.md 6, S06): found by the law of the tender's own trade, answered by a public reason."""

from __future__ import annotations

from typing import Any

import pytest

from tendering import packs, wording

CONSTRUCTION = packs.load("cn.construction.open.2026")
PROCUREMENT = packs.load("cn.procurement.open.2026")
PROPERTY = packs.load("cn.property.transfer.2026")


def quotes(notice: dict[str, Any], pack: packs.Pack) -> list[tuple[str, str, str]]:
    return [(found.field, found.quote, found.rule.id) for found in wording.findings(notice, pack)]


@pytest.mark.parametrize(
    "words", ["须为本县企业", "具有本省业绩者优先", "须使用指定品牌水泥", "现场报名并缴纳报名费", "须为上市公司"]
)
def test_c22_words_that_shut_bidders_out_are_found_with_the_rule(words: str) -> None:
    found = quotes({"qualification": words}, CONSTRUCTION)
    assert found
    assert {rule for _, _, rule in found} == {"C22"}


def test_c22_what_the_work_needs_is_not_questioned() -> None:
    fair = {
        "qualification": "公路工程施工总承包三级及以上，具有有效的安全生产许可证",
        "content": "路基、路面、桥涵施工",
    }
    assert quotes(fair, CONSTRUCTION) == []


@pytest.mark.parametrize("word", ["注册资本", "营业收入", "制造商授权"])
def test_g08_size_and_the_manufacturers_authorization_are_questioned_as_condition_and_as_criterion(word: str) -> None:
    notice = {"qualification": f"{word}满足要求", "lots": [{"method": {"criteria": [{"name": f"{word}情况"}]}}]}
    assert quotes(notice, PROCUREMENT) == [
        ("qualification", word, "G08"), ("lots.1.criteria.1.name", word, "G08"),
    ]  # fmt: skip


def test_g08_construction_law_has_no_such_rule() -> None:
    assert quotes({"qualification": "注册资本不少于一千万元"}, CONSTRUCTION) == []


def test_g09_what_qualifies_is_not_scored() -> None:
    notice = {
        "qualification": "具有质量管理体系认证",
        "lots": [{"method": {"criteria": [{"name": "质量管理体系认证"}]}}],
    }
    assert quotes(notice, PROCUREMENT) == [("lots.1.criteria.1.name", "质量管理体系认证", "G09")]
    notice["qualification"] = "独立承担民事责任的能力"
    assert quotes(notice, PROCUREMENT) == []


def test_p07_conditions_that_point_at_one_taker_are_questioned() -> None:
    assert quotes({"qualification": "受让方须为本地国有企业"}, PROPERTY)[0][2] == "P07"


def test_a_reason_answers_a_question_and_an_empty_one_does_not() -> None:
    notice: dict[str, Any] = {"qualification": "须为本县企业", "wording_reasons": {"本县企业": "  "}}
    assert [found.quote for found in wording.unexplained(notice, CONSTRUCTION)] == ["本县企业"]
    notice["wording_reasons"]["本县企业"] = "山区应急抢修须两小时内到场"
    assert wording.unexplained(notice, CONSTRUCTION) == []


@pytest.mark.parametrize(
    "odd", [{"lots": [{"method": {"criteria": "x"}}]}, {"lots": [{"method": None}]}, {"qualification": None}, {}]
)
def test_whatever_a_draft_holds_is_read(odd: dict[str, Any]) -> None:
    assert quotes(odd, PROCUREMENT) == []
