"""N12.team: what the record of a price agreed with a single source must say, and whom its pages tell what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernel import canonical, money
from kernel.errors import Refusal
from tendering import packs
from tendering.agreement import rules
from tendering.agreement.pages import _read
from tendering.agreement.rules import Agreed, Member, Response

PACK = packs.load("cn.procurement.single_source.2026")
RULE = rules.rule_of(PACK)
MEMBER = Member("张立新", "高级工程师", "教育局", "设备采购十二年")
AGREED = Agreed(
    [MEMBER], money.parse("1900000.00"), "三月二十日，谈判室", "成本明细和两份同类合同", "质保三年", "一次付清"
)
OFFERED = Response("0" * 32, "a" * 64, "甲公司", money.parse("2000000.00"))


def test_n12_team_is_asked_of_a_single_source_alone():
    assert RULE is not None
    assert RULE.id == "N12.team"
    assert rules.rule_of(packs.load("cn.procurement.inquiry.2026")) is None
    assert rules.rule_of(packs.load("cn.procurement.open.2026")) is None


def test_n12_team_takes_the_suppliers_own_price_or_less():
    rules.check(RULE, AGREED, OFFERED)
    rules.check(RULE, replace(AGREED, price=OFFERED.price), OFFERED)
    for price in ("0.00", "2000000.01"):
        with pytest.raises(Refusal) as refused:
            rules.check(RULE, replace(AGREED, price=money.parse(price)), OFFERED)
        assert (refused.value.code, refused.value.rule) == ("agreement.price", RULE.cited)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"members": []}, "members"),
        ({"members": [MEMBER] * 16}, "members"),
        ({"members": [replace(MEMBER, expertise="")]}, "members"),
        ({"members": [replace(MEMBER, title="")]}, "members"),
        ({"grounds": "便宜"}, "grounds"),
        ({"quality": ""}, "quality"),
        ({"terms": "x" * 2001}, "terms"),
        ({"held": ""}, "held"),
    ],
)
def test_n12_team_names_people_grounds_quality_and_terms(changed, field):
    with pytest.raises(Refusal) as refused:
        rules.check(RULE, replace(AGREED, **changed), OFFERED)
    assert refused.value.code == "agreement.incomplete"
    assert set(refused.value.detail["fields"]) == {field}


def test_n12_team_the_statement_binds_the_record_by_its_hash():
    raw = rules.record("L", AGREED, OFFERED)
    said = canonical.decode(rules.statement("L", AGREED, OFFERED, raw).raw)
    assert said["record_sha256"] == canonical.sha(raw)
    assert (said["price"], said["supplier"]) == ("1900000.00", "甲公司")
    dissenting = replace(AGREED, members=[replace(MEMBER, dissent="价格仍偏高")])
    assert canonical.sha(rules.record("L", dissenting, OFFERED)) != said["record_sha256"]


def test_n12_team_the_form_takes_one_member_a_line_with_a_dissent():
    typed = {"price": "1,900,000.00", "held": "h", "grounds": "g", "quality": "q", "terms": "t"}
    read = _read(
        {**typed, "members": "张立新，高级工程师，教育局，采购十二年\n\n王敏, 会计师, 教育局, 核算八年, 价格，仍偏高"}
    )
    assert read.members[0] == Member("张立新", "高级工程师", "教育局", "采购十二年")
    assert read.members[1].dissent == "价格,仍偏高"
    with pytest.raises(Refusal):
        _read({**typed, "price": "about two million", "members": ""})
