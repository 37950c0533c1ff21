"""Facts about who was invited. The list is as secret as who took the documents (《招标投标法》第二十二条): sealed until the
opening, and who accepts or declines for ever. A single source alone is published beforehand, for the law wants it so.
"""

from __future__ import annotations

from supervision.vocabulary import Base64, Disclosure, Fact, Instant, Sha256, Shape

LISTED = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.AT_OPENING})


class Invitee(Shape):
    """An organization on the list; `ground` is how it came there."""

    uscc: str
    name: str
    ground: str


class InvitationListed(Fact, kind="invitation.listed", opens=LISTED):
    """The list as the owner fixed it; `draw` is how many of it are drawn, null where all are invited."""

    tender: str
    draw: int | None
    invitees: tuple[Invitee, ...]
    at: Instant


class InvitationDrawn(Fact, kind="invitation.drawn", opens=LISTED):
    """The draw: `root` is that of the first cosigned checkpoint over the list's entry, `size` its number of entries."""

    tender: str
    list_sha256: Sha256
    size: int
    root: Base64
    seed: Sha256
    invited: tuple[str, ...]


class InvitationAnswered(
    Fact,
    kind="invitation.answered",
    opens=frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.NEVER}),
):
    """Whether an invited party means to bid; its word binds nobody."""

    tender: str
    accepts: bool
    at: Instant


class SourcePublished(Fact, kind="source.published"):
    """N12: who is to be the single source, before the procedure begins."""

    tender: str
    title: str
    owner: str
    supplier: str
    uscc: str
    ground: str
    reasons_sha256: Sha256
    at: Instant


class SourceObjected(
    Fact,
    kind="source.objected",
    opens=frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.AT_OPENING}),
):
    tender: str
    text_sha256: Sha256
    at: Instant


class SourceArgued(Fact, kind="source.argued"):
    """What the experts found of an objection to a single source."""

    tender: str
    objection_sha256: Sha256
    findings_sha256: Sha256
    upheld: bool
    at: Instant
