"""What every section builds on: the archive, the log that was proved, the tender's file, and each lot as the log tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cryptography import x509

from kernel import keys
from sealing.keyset import Keyset
from supervision import facts
from supervision.deadline import Terms
from supervision.lotview import Box, LotView
from supervision.negotiation_facts import QuotesCalled
from supervision.vocabulary import Fact
from tendering.packs import Pack
from tendering.states import LotEvent
from verifier.log import Book
from verifier.source import Archive, find

Kind = TypeVar("Kind", bound=Fact)


@dataclass(frozen=True)
class Given:
    """What the stranger brings along and need not take from the archive."""

    policy: bytes | None = None
    checkpoint: bytes | None = None
    roots: tuple[bytes, ...] = ()
    receipts: tuple[bytes, ...] = ()
    segments: tuple[tuple[str, str], ...] = ()
    """Recorded files by name and hash."""


@dataclass(frozen=True)
class Case:
    """One tender. `told` is tender.json, `notice` what its signed notice says: the portal's word until rechecked."""

    archive: Archive
    book: Book
    told: Mapping[str, Any]
    fact: facts.NoticePublished
    notice: Mapping[str, Any]
    pack: Pack
    given: Given

    @property
    def finals(self) -> Mapping[str, QuotesCalled]:
        """By its code, each box for final quotes that was called in a lot of the notice (N05, N09)."""
        noticed = {part.lot for part in self.fact.lots}
        return {fact.final_lot: fact for _, fact in self.book.find(QuotesCalled) if fact.lot in noticed}


@dataclass(frozen=True)
class LotCase:
    """One lot; `view` is what the log's facts make of it, whatever the portal says."""

    case: Case
    code: str
    told: Mapping[str, Any]
    view: LotView

    @property
    def first(self) -> str:
        """The code under which the notice knows the lot: its own, or for a final box its first one's."""
        called = self.case.finals.get(self.code)
        return self.code if called is None else called.lot

    @property
    def is_final(self) -> bool:
        return self.code in self.case.finals

    @property
    def archive(self) -> Archive:
        return self.case.archive

    @property
    def book(self) -> Book:
        return self.case.book

    @property
    def keyset(self) -> Keyset:
        """ValueError while the log holds no keyset that counts."""
        if self.view.terms is None:
            raise ValueError(f"the log holds no keyset of {self.code} that counts")
        return self.view.terms.keyset

    @property
    def all_terms(self) -> tuple[Terms, ...]:
        """Every keyset that was in force: a bid names the one it was sealed with."""
        current = () if self.view.terms is None else (self.view.terms,)
        return (*self.view.course.earlier, *current)

    @property
    def final(self) -> Box:
        """The roll on which t trustees closed; ValueError while there is none."""
        if self.view.final is None:
            raise ValueError(f"no roll of {self.code} is final")
        return self.view.final

    def path(self, name: str) -> str:
        return f"lots/{self.code}/{name}"

    def get(self, name: str) -> bytes:
        return self.archive.get(self.path(name))

    def has(self, name: str) -> bool:
        return find(self.archive, self.path(name)) is not None

    def logged(self, kind: type[Kind]) -> list[tuple[int, Kind]]:
        """The lot's open facts of a kind with their index, in the log's order."""
        return self.book.find(kind, self.code)

    def happened(self, event: LotEvent) -> facts.StateChanged | None:
        """The last logged move of that name."""
        moves = [fact for _, fact in self.logged(facts.StateChanged) if fact.event == event]
        return moves[-1] if moves else None


def key_of(cert_der: bytes) -> keys.PublicKey:
    """The key of a certificate; ValueError when it is none of ours."""
    return keys.supported(x509.load_der_x509_certificate(cert_der).public_key())


def short(digest: str) -> str:
    """A hash as people compare it."""
    return f"{digest[:12]}…"
