"""What can be wrong with a bid and whose fault it is: words for people in both languages, and the section it rests on."""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong; `code` is stable and public, `rule` cites the protocol's section."""

    code: str
    zh: str
    en: str
    rule: str


class Party(enum.Enum):
    """Who answers for a fault at the opening (sealing.md 1.7): it decides between 撤销 and 撤回."""

    BIDDER = "bidder"
    TRUSTEE = "trustee"
    PLATFORM = "platform"


@dataclass(frozen=True)
class Judgment:
    """The finding on one envelope; `trustee` is the share's index where the party is a trustee or a line is disputed."""

    party: Party
    rule: str
    zh: str
    en: str
    trustee: int | None = None
