"""The open fact that a notice appeared on another medium."""

from __future__ import annotations

from supervision.vocabulary import Fact, Instant, Sha256


class NoticeElsewhere(Fact, kind="notice.elsewhere"):
    """Where and when, the hash of the text as it stands there, and whether it holds the notice word for word (C04)."""

    tender: str
    medium: str
    url: str
    sha256: Sha256
    same: bool
    published_at: Instant
    at: Instant
