"""Facts about how the experts of a committee were found. All open: they name nobody, for a reference is the salted hash of a
person, and only those who sat are opened, with their names, when the lot is awarded (《招标投标法》第三十七条).
"""

from __future__ import annotations

from typing import Literal

from supervision.vocabulary import Base64, Fact, Instant, Sha256, Shape

Why = Literal["declined", "recusal", "absent", "barred"]


class ExpertsListed(Fact, kind="experts.listed"):
    """The list as it was fixed: everybody of these fields who may sit, by reference; `seats` is how many of them shall.

    A second list adds reserves behind those of the first.
    """

    lot: str
    number: int
    seats: int
    fields: tuple[str, ...]
    references: tuple[Sha256, ...]
    at: Instant


class ExpertsDrawn(Fact, kind="experts.drawn"):
    """The draw: `root` is that of the first cosigned checkpoint over the list's entry, `size` its number of entries."""

    lot: str
    number: int
    list_sha256: Sha256
    size: int
    root: Base64
    seed: Sha256
    drawn: tuple[Sha256, ...]


class Passed(Shape):
    """One in the order whom the draw passes over, and why."""

    reference: Sha256
    why: Why


class Taken(Shape):
    """Under which alias of `committee.formed` one of the list sits."""

    reference: Sha256
    alias: str


class ExpertsSeated(Fact, kind="experts.seated"):
    """Who of the order sits from now on, and everybody who was passed over so far."""

    lot: str
    seated: tuple[Taken, ...]
    passed: tuple[Passed, ...]


class ExpertsAppointed(Fact, kind="experts.appointed"):
    """The members were named without a draw: on which ground of the law, by which document, with whose consent."""

    lot: str
    ground: str
    document: str
    consent: str
    reasons_sha256: Sha256
    at: Instant
