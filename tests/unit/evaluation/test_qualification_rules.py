"""Purchaser or agency on every bidder: whole, with grounds, the same bytes for the same findings, and three of them at least."""

from __future__ import annotations

import pytest

from evaluation.qualification import rules
from evaluation.qualification.rules import Finding, Review
from kernel import canonical
from kernel.errors import Invalid
from tendering import packs

A, B, C = "a" * 32, "b" * 32, "c" * 32
RULE = rules.rule_of(packs.load("cn.procurement.open.2026"))
BY_TENDER = {"cn.procurement.open.2026", "cn.procurement.invited.2026", "cn.procurement.prequalified.2026"}


def review(*findings: Finding) -> Review:
    return Review("L1", "owner", findings)


def good(bid_id: str) -> Finding:
    return Finding(bid_id, True, None)


def bad(bid_id: str, ground: str | None = "营业执照已被吊销") -> Finding:
    return Finding(bid_id, False, ground)


@pytest.mark.parametrize("name", [name for name in packs.names() if name.startswith("cn.")])
def test_g21_only_procurement_by_tender_is_reviewed_by_the_purchaser(name):
    assert (rules.rule_of(packs.load(name)) is not None) == (name in BY_TENDER)


@pytest.mark.parametrize(
    ("findings", "enough"), [((good(A), good(B), good(C)), True), ((good(A), good(B), bad(C)), False)]
)
def test_g21_three_qualified_bidders_are_enough_and_two_are_not(findings, enough):
    assert rules.enough(RULE, review(*findings)) is enough


@pytest.mark.parametrize("findings", [(good(A),), (good(A), good(B), good(C)), (good(A), good(A), good(B)), ()])
def test_g21_every_bidder_is_found_on_once_and_no_other(findings):
    with pytest.raises(Invalid) as refused:
        rules.check(RULE, review(*findings), {A, B})
    assert refused.value.code == "qualification.incomplete"
    assert "第四十四条" in refused.value.rule


@pytest.mark.parametrize(
    "finding", [bad(B, None), bad(B, " 缺 "), bad(B, "x" * 2001), Finding(B, True, "合格但写了原因")]
)
def test_g21_g38_only_who_is_not_qualified_has_a_ground_and_it_says_something(finding):
    with pytest.raises(Invalid) as refused:
        rules.check(RULE, review(good(A), finding), {A, B})
    assert refused.value.code == "qualification.ground"
    assert list(refused.value.detail["fields"]) == [f"ground.{B}"]


def test_g21_the_same_findings_give_the_same_bytes_and_are_read_again():
    one, other = review(good(A), bad(B)), review(bad(B), good(A))
    assert one.file() == other.file()
    assert rules.read(one.file()) == one
    assert rules.read(one.file()).qualified == [A]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "kaibiao-award/1"}, {"by": "agency2"}, {"bids": {}}, {"more": 1},
        {"bids": [{"bid_id": A, "qualified": "yes", "ground": None}]}, {"bids": [{"bid_id": A, "qualified": True}]},
    ],
)  # fmt: skip
def test_g21_anything_else_is_no_review(change):
    value = {**canonical.decode(review(good(A)).file()), **change}
    with pytest.raises((ValueError, TypeError)):
        rules.read(canonical.encode(value))


def test_g21_a_form_without_an_answer_leaves_the_bidder_out():
    form = {f"qualified.{A}": "yes", f"ground.{A}": "多余", f"qualified.{B}": "no", f"ground.{B}": " 资质证书过期 "}
    assert rules.typed(form, {A, B, C}) == (good(A), bad(B, "资质证书过期"))
