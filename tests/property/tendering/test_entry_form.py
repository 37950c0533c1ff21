"""The draft's form says what the API says."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import rfc3339
from tendering import entryform

instants = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


@given(instants)
def test_a_time_typed_in_beijing_comes_back_as_the_same_instant(moment: dt.datetime) -> None:
    wire = rfc3339(moment)
    assert entryform.instant(entryform.local(wire)) == wire


@given(st.text(max_size=30))
def test_what_is_no_time_is_left_for_the_schema_to_refuse(text: str) -> None:
    found = entryform.instant(text)
    assert found is None or isinstance(found, str)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "title",
                "lots.1.name",
                "lots.1.closes_at",
                "lots.2.name",
                "lots.1.criteria.1.name",
                "lots.1.method",
                "bid_validity_days",
                "contact.name",
            ]
        ),
        st.text(max_size=20),
    )
)
def test_any_posted_form_is_read(form: dict[str, str]) -> None:
    data = entryform.read(form)
    assert len(data["lots"]) == entryform.lots_in(form)
    assert set(data["contact"]) == set(entryform.CONTACT)
