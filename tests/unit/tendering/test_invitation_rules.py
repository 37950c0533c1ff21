"""Who may be invited, how, and how few; the draw that anybody can play again."""

from __future__ import annotations

import hashlib
import itertools

import pytest

from supervision import draw
from tendering import packs
from tendering.invitations import rules
from tendering.invitations.rules import Ground, List, Listed

CODES = [f"9133010667395{number:04d}P" for number in range(12)]
CONSTRUCTION, INVITED = "cn.construction.invited.2026", "cn.procurement.invited.2026"
INQUIRY, SOURCE = "cn.procurement.inquiry.2026", "cn.procurement.single_source.2026"


def listed(*grounds: Ground, draw: int | None = None, witnesses: tuple[str, ...] = ("甲", "乙")) -> List:
    return List([Listed(code, ground) for code, ground in zip(CODES, grounds, strict=False)], draw, witnesses)


def wrong(pack: str, given: List) -> list[str]:
    return [one.code for one in rules.obstacles(packs.load(pack), given)]


def test_c03_an_invitation_to_construction_goes_to_three() -> None:
    assert wrong(CONSTRUCTION, listed(*[Ground.OWN] * 3)) == []
    assert wrong(CONSTRUCTION, listed(*[Ground.OWN] * 2)) == ["invitation.few"]
    (found,) = rules.obstacles(packs.load(CONSTRUCTION), listed(*[Ground.OWN] * 2))
    assert found.rule.startswith("C03 《招标投标法》第十七条")


@pytest.mark.parametrize(("length", "drawn", "expected"), [(6, 3, []), (5, 3, ["invitation.list_short"]), (8, 4, [])])
def test_g06_the_list_is_twice_as_long_as_the_draw(length: int, drawn: int, expected: list[str]) -> None:
    assert wrong(INVITED, listed(*[Ground.LIBRARY] * length, draw=drawn)) == expected


def test_g06_at_least_three_are_drawn_before_two_witnesses() -> None:
    assert wrong(INVITED, listed(*[Ground.LIBRARY] * 6, draw=2)) == ["invitation.few"]
    assert wrong(INVITED, listed(*[Ground.LIBRARY] * 6, draw=3, witnesses=("甲",))) == ["invitation.witnesses"]
    assert wrong(INVITED, listed(*[Ground.LIBRARY] * 6, draw=3, witnesses=("甲", "甲"))) == ["invitation.witnesses"]


def test_g06_a_procurement_invitation_chooses_nobody_by_hand() -> None:
    assert "invitation.ground" in wrong(INVITED, listed(*[Ground.OWN] * 6))


def test_n02_the_purchaser_recommends_at_most_half() -> None:
    purchaser, expert = Ground.PURCHASER, Ground.EXPERT
    assert wrong(INQUIRY, listed(purchaser, expert, expert)) == []
    assert wrong(INQUIRY, listed(purchaser, purchaser, expert, expert)) == []
    assert wrong(INQUIRY, listed(purchaser, purchaser, expert)) == ["invitation.purchaser_share"]
    assert wrong(INQUIRY, listed(expert, expert)) == ["invitation.few"]


def test_n02_who_was_recommended_does_not_stand_beside_who_is_drawn() -> None:
    assert "invitation.mixed" in wrong(INQUIRY, listed(*[Ground.LIBRARY] * 3, Ground.EXPERT, draw=3))


def test_n12_a_single_source_is_one() -> None:
    assert wrong(SOURCE, listed(Ground.SOURCE)) == []
    assert wrong(SOURCE, listed(Ground.SOURCE, Ground.SOURCE)) == ["invitation.one"]
    assert wrong(SOURCE, List((), None)) == ["invitation.one"]


@pytest.mark.parametrize("pack", [CONSTRUCTION, INVITED, INQUIRY, SOURCE])
def test_every_obstacle_of_a_list_names_its_rule_in_both_languages(pack: str) -> None:
    for given in (List((), None), listed(Ground.OWN, Ground.LIBRARY, Ground.SOURCE, draw=1, witnesses=())):
        for one in rules.obstacles(packs.load(pack), given):
            assert one.rule
            assert one.zh
            assert one.en.isascii()


def test_only_procedures_by_invitation_ask_for_a_list() -> None:
    invited = {
        "practice.construction.invited", "practice.procurement.invited", "practice.procurement.inquiry",
        "practice.procurement.single_source",
    }  # fmt: skip
    either = {"practice.procurement.negotiation", "practice.procurement.consultation"}
    every = [name for name in packs.names() if name.startswith("practice.")]
    assert {name for name in every if rules.by_invitation(packs.load(name), {})} == invited
    chosen = {"suppliers": "invited"}
    assert {name for name in every if rules.by_invitation(packs.load(name), chosen)} == invited | either


def test_g06_the_seed_is_the_hash_of_root_and_list() -> None:
    root, digest = bytes(range(32)), "ab" * 32
    assert draw.seed(root, digest) == hashlib.sha256(root + bytes.fromhex(digest)).hexdigest()


def test_g06_the_draw_does_not_depend_on_the_lists_order() -> None:
    seed = draw.seed(bytes(32), "00" * 32)
    first = draw.drawn(CODES[:5], 3, seed)
    assert len(set(first)) == 3
    assert all(draw.drawn(order, 3, seed) == first for order in itertools.permutations(CODES[:5]))


def test_g06_another_root_draws_others_and_everybody_is_drawn_about_as_often() -> None:
    seen = dict.fromkeys(CODES[:6], 0)
    for number in range(600):
        for code in draw.drawn(CODES[:6], 3, draw.seed(number.to_bytes(32, "big"), "00" * 32)):
            seen[code] += 1
    assert sum(seen.values()) == 1800
    assert all(240 < count < 360 for count in seen.values())
