"""The table of who sees what of an evaluation, and when: what must hold of it whatever is added."""

from itertools import pairwise, product

import pytest

from evaluation.visibility import TABLE, Field, Phase, Viewer, may_see, shown

OTHERS = tuple(viewer for viewer in Viewer if viewer is not Viewer.SEAT)


def test_every_field_has_its_rule():
    assert set(TABLE.rows) == set(Field)


@pytest.mark.parametrize(("viewer", "field"), list(product(Viewer, Field)))
def test_what_was_once_shown_is_not_hidden_again(viewer, field):
    seen = [may_see(viewer, phase, field) for phase in Phase]
    assert all(later or not earlier for earlier, later in pairwise(seen))


@pytest.mark.parametrize(
    ("viewer", "phase"), list(product(OTHERS, [Phase.NONE, Phase.FORMED, Phase.SCORING, Phase.REPORT]))
)
def test_nobody_sees_anothers_sheet_before_all_are_signed(viewer, phase):
    assert not may_see(viewer, phase, Field.SHEET)


@pytest.mark.parametrize(("viewer", "phase"), list(product(OTHERS, Phase)))
def test_a_draft_is_its_members_alone_for_ever(viewer, phase):
    assert not may_see(viewer, phase, Field.DRAFT)


@pytest.mark.parametrize(
    "viewer", [Viewer.OWNER, Viewer.AGENCY, Viewer.BIDDER, Viewer.MGR, Viewer.FIN, Viewer.TECH, Viewer.PUBLIC]
)
def test_c39_names_are_secret_until_the_award(viewer):
    assert [may_see(viewer, phase, Field.NAMES) for phase in Phase] == [False] * 5 + [True]


@pytest.mark.parametrize("viewer", [one for one in Viewer if one not in (Viewer.SEAT, Viewer.MEMBER)])
def test_documents_are_for_the_committee_alone(viewer):
    assert not any(may_see(viewer, phase, Field.DOCUMENTS) for phase in Phase)


@pytest.mark.parametrize("viewer", [Viewer.OWNER, Viewer.BIDDER, Viewer.PUBLIC, Viewer.AGENCY])
def test_how_many_have_signed_is_no_business_of_the_parties(viewer):
    assert not any(may_see(viewer, phase, Field.SIGNED_COUNT) for phase in Phase)


def test_the_result_is_everybodys_at_one_moment():
    for phase in Phase:
        assert len({may_see(viewer, phase, Field.RESULT) for viewer in Viewer}) == 1


def test_hidden_fields_are_not_even_named():
    values = dict.fromkeys(Field, "x")
    assert shown(Viewer.PUBLIC, Phase.SCORING, values) == {"aliases": "x", "docs_opened": "x", "time": "x"}
