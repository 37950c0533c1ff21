"""Role x state x field: the whole table, and what must hold in it whatever the table says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.visibility import TABLE, Field, Phase, Viewer, may_see, shown

STRANGERS = [viewer for viewer in Viewer if viewer is not Viewer.SELF]
SECRET = [Phase.COLLECTING, Phase.SEALED]


def test_every_field_has_a_rule():
    assert set(TABLE.rows) == set(Field)


@pytest.mark.parametrize("field", Field)
@pytest.mark.parametrize("phase", SECRET)
@pytest.mark.parametrize("viewer", STRANGERS)
def test_before_the_roll_no_stranger_whatever_the_office_sees_anything(viewer, phase, field):
    assert not may_see(viewer, phase, field)


@pytest.mark.parametrize("viewer", Viewer)
@pytest.mark.parametrize("phase", [phase for phase in Phase if phase < Phase.READOUT])
def test_no_price_and_no_sheet_is_shown_to_anybody_before_the_read_out(viewer, phase):
    assert not may_see(viewer, phase, Field.PRICE)
    assert not may_see(viewer, phase, Field.SHEET)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase < Phase.CLOSED])
def test_the_count_is_hidden_from_the_bidder_itself_too(phase):
    assert not may_see(Viewer.SELF, phase, Field.COUNT)


@given(st.sampled_from(STRANGERS), st.sampled_from(STRANGERS), st.sampled_from(Phase), st.sampled_from(Field))
def test_no_office_sees_more_than_the_public(one, other, phase, field):
    assert may_see(one, phase, field) == may_see(other, phase, field)


@given(st.sampled_from(Viewer), st.sampled_from(Phase), st.sampled_from(Phase), st.sampled_from(Field))
def test_what_is_shown_once_stays_shown(viewer, one, other, field):
    early, late = sorted([one, other])
    assert may_see(viewer, late, field) or not may_see(viewer, early, field)


@given(st.sampled_from(Viewer), st.sampled_from(Phase), st.sets(st.sampled_from(Field)))
def test_a_hidden_field_is_not_even_named(viewer, phase, fields):
    found = shown(viewer, phase, dict.fromkeys(fields, "secret"))
    assert set(found) == {field.value for field in fields if may_see(viewer, phase, field)}
