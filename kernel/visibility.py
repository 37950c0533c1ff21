"""Who sees which field, from which moment, by which law: one table that serializers, pages and tests read alike.

A slice names its viewers, the moments of its thing's life and a row for every field that is not public from the start;
what no row shows is shown to nobody. `portal/fields.py` gathers the tables, `kaibiao fields` prints them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Generic, TypeVar

from kernel.errors import Words

Viewer = TypeVar("Viewer", bound=StrEnum)
Moment = TypeVar("Moment", bound=Enum)
Name = TypeVar("Name", bound=str)


@dataclass(frozen=True)
class Row(Generic[Viewer, Moment]):
    """One field: at which moments each viewer sees it. A viewer that is not named never does."""

    words: Words
    seen: Mapping[Viewer, frozenset[Moment]]
    law: str
    after_opening: frozenset[Viewer] = frozenset()
    """Who has to wait, besides, until the lot's bids are open to all."""


@dataclass(frozen=True)
class Table(Generic[Viewer, Moment]):
    """The fields of one thing. `viewers` and `moments` say in words what the names stand for, in their order."""

    name: str
    words: Words
    viewers: Mapping[Viewer, Words]
    moments: Mapping[Moment, Words]
    rows: Mapping[str, Row[Viewer, Moment]] = field(default_factory=dict)

    def may_see(self, viewer: Viewer, moment: Moment, name: str, *, opened: bool = True) -> bool:
        row = self.rows[name]
        return moment in row.seen.get(viewer, ()) and (opened or viewer not in row.after_opening)

    def fields(self, viewer: Viewer, moment: Moment, *, opened: bool = True) -> frozenset[str]:
        return frozenset(name for name in self.rows if self.may_see(viewer, moment, name, opened=opened))

    def shown(
        self, viewer: Viewer, moment: Moment, values: Mapping[Name, Any], *, opened: bool = True
    ) -> dict[str, Any]:
        """Those of `values` that this viewer may see; the rest are not even named."""
        seen = self.fields(viewer, moment, opened=opened)
        return {str(name): value for name, value in values.items() if name in seen}


def since(first: Moment) -> frozenset[Moment]:
    """`first` and every moment after it, in the order in which they are declared."""
    every = list(type(first))
    return frozenset(every[every.index(first) :])


def each(viewers: Iterable[Viewer], moments: Iterable[Moment]) -> dict[Viewer, frozenset[Moment]]:
    """All these viewers at all these moments."""
    return dict.fromkeys(viewers, frozenset(moments))


def alike(
    seen: Mapping[Viewer, frozenset[Moment]],
    law: str,
    after_opening: frozenset[Viewer] = frozenset(),
    /,
    **words: tuple[str, str],
) -> dict[str, Row[Viewer, Moment]]:
    """Rows of fields that are shown alike, each with its name in Chinese and English."""
    return {name: Row(Words(*said), seen, law, after_opening) for name, said in words.items()}
