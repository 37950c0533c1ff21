"""A walk over a pre-qualification: who finds an application, what reviewers say of it, and its result."""

from __future__ import annotations

import pytest

from tendering.prequal.visibility import Phase
from tests.walking import Secret, Town, Walk, check, each, towns

HEAD = """
title = "资格预审"
trade = "construction"
pack = "practice.construction.prequalified"
people = { owner = "青山县交通局", agency = "招标代理甲", bidders = ["预甲公司", "预乙公司", "预丙公司", "预丁公司", "未申请者"], experts = ["一组", "二组", "三组", "四组", "五组"] }
"""
PROJECT = {"owner": "reviewer", "agency": "project", "expert1": "reviewer", "centre": "ops"}
"""The owner has a seat in the committee; the fourth bidder does not pass."""
SEEN = {**PROJECT, "bidder4": "applicant"}
SECRETS = (
    Secret("prequalification", "name", ("预丁公司",), SEEN, known=("bidder4",)),
    Secret("prequalification", "answers", ("预丁公司满足",), SEEN),
    Secret("prequalification", "findings", ("业绩证明不足",), PROJECT, known=("bidder4",), at="review"),
    Secret("prequalification", "members", ("expert3 经办人",), PROJECT, doors="^(?!/ops/committees)"),
    Secret("prequalification", "reasons", ("业绩证明不足",), SEEN, at="given"),
)
"""The desk where committees are formed names the whole pool: who of it reviews here stands on no line of it."""


def _played(town: Town) -> list[Walk]:
    town.play(
        'do = "publish_prequal", by = "owner", documents_end = "60 seconds", due = "120 seconds"',
        *(f'do = "apply", by = "bidder{n}"' for n in (1, 2, 3, 4)),
    )
    found = [town.walk({"prequalification": Phase.TAKING})]
    town.play(
        'wait = "applications_due"',
        'do = "seat_reviewers", by = "centre", members = ["expert1", "expert2", "expert3", "expert4", "owner"]',
        'do = "review", reviewers = ["expert1", "expert2", "expert3", "expert4", "owner"], fails = ["bidder4"]',
    )
    found.append(town.walk(dict.fromkeys(("prequalification", "review"), Phase.REVIEW)))
    town.play('do = "give_result", by = "owner", closes = "60 seconds"')
    return [*found, town.walk(dict.fromkeys(("prequalification", "given"), Phase.GIVEN))]


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory):
    with towns(tmp_path_factory.mktemp("walk"), HEAD) as town:
        yield _played(town)


@each(SECRETS)
def test_e21_c07_an_application_to_prequalify_is_found_where_the_table_shows_it(walks: list[Walk], secret: Secret):
    check(walks, secret)
