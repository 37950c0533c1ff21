"""The node's view of each lot, derived from its own mirror and the cosignatures it verified."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from supervision import lotview
from supervision.deadline import Authority
from supervision.lotview import LotView
from supervision.node.mirror import Mirror
from supervision.node.notes import Notes
from supervision.node.peers import Peers
from supervision.policy import Policy

ASK_EVERY_S = 2


@dataclass
class Lots:
    policy: Policy
    mirror: Mirror
    notes: Notes
    peers: Peers
    _kept: dict[str, tuple[tuple[int, int], LotView]] = field(default_factory=dict)
    _asked: dict[int, dt.datetime] = field(default_factory=dict)

    def codes(self) -> list[str]:
        return self.mirror.lots()

    def view(self, lot: str) -> LotView:
        """The lot as the mirror and the verified cosignatures show it now."""
        version = (self.mirror.head().size, self.notes.version)
        known = self._kept.get(lot)
        if known is None or known[0] != version:
            known = (version, self._view(lot))
            self._kept[lot] = known
        return known[1]

    def gather_quorum(self, size: int, start: int, now: dt.datetime) -> None:
        """Ask the peers for their lines since `start` on the checkpoint of `size`: a cut is known by its quorum's times."""
        last = self._asked.get(size)
        if last is not None and now - last < dt.timedelta(seconds=ASK_EVERY_S):
            return
        self._asked[size] = now
        for note in self.peers.of_size(size, start):
            self.notes.keep(note)

    def _view(self, lot: str) -> LotView:
        authority = Authority(self.policy, self.policy.platform)
        return lotview.view(lot, self.mirror.facts_of(lot), authority, self.notes)
