"""Every kind of fact, with any values of its forms: written and read back; sealed, it looks like all others."""

from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import clock, keys, money
from supervision import entries, facts
from supervision.facts import KINDS
from supervision.vocabulary import Shape

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
FORMS = {
    "sha256": st.binary(min_size=32, max_size=32).map(bytes.hex),
    "instant": st.datetimes(min_value=clock.dt.datetime(2000, 1, 1)).map(
        lambda naive: clock.rfc3339(naive.replace(tzinfo=clock.dt.UTC))
    ),
    "amount": st.integers(0, 10**15).map(lambda fen: money.wire(money.Fen(fen))),
    "base64": st.binary(min_size=1, max_size=100).map(keys.b64),
}


def values(hint):
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return FORMS[parts[1].name]
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, parts))
    if origin is tuple:
        return st.lists(values(parts[0]), max_size=4).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Shape):
        return shapes(hint)
    return {str: TEXT, int: st.integers(0, 2**53 - 1), bool: st.booleans(), NoneType: st.none()}[hint]


def shapes(cls):
    return st.fixed_dictionaries({name: values(hint) for name, hint in cls.schema.items()}).map(lambda kw: cls(**kw))


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_every_kind_is_read_back_as_it_was_written(kind, data):
    fact = data.draw(shapes(KINDS[kind]))
    assert facts.parse(fact.canonical()) == fact
    assert fact.to_json()["kind"] == kind
    if fact.sealed:
        salt = entries.new_salt()
        entry = entries.sealed_entry(entries.seal_of(salt, fact.canonical()))
        assert len(entry) == len(entries.cover_entry())
        assert entries.check_disclosure(entry, salt, fact.canonical())
    else:
        assert entries.parse(entries.open_entry(fact.to_json())) == entries.OpenEntry(fact.to_json())
