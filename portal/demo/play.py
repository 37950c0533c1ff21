"""What the scenes share: the stage, the cast, the papers, and the lot once it has its code."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel.clock import parse_rfc3339
from portal.demo.documents import Papers
from portal.demo.stage import Actor, Stage


@dataclass
class Play:
    stage: Stage
    actors: dict[str, Actor]
    papers: Papers
    party: str
    """How the consortium's bid names its party."""
    tender: str = ""
    lot: str = ""
    bids: dict[str, str] = field(default_factory=dict)
    """Manifest hash of each bidder's live bid."""

    @property
    def folder(self) -> Path:
        """The bidders' and the stranger's own files."""
        return self.stage.folder

    def actor(self, login: str) -> Actor:
        return self.actors[login]

    def state(self) -> dict[str, Any]:
        """The lot as everybody may see it."""
        found: dict[str, Any] = self.stage.must("GET", f"lots/{self.lot}")
        return found

    def closes_at(self) -> dt.datetime:
        return parse_rfc3339(self.state()["closes_at"])
