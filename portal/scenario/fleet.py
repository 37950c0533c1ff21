"""The four supervision nodes of a play: the product's own objects, stepped by hand instead of by threads."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from portal.run import NODES
from portal.scenario import wire
from portal.scenario.watch import Watch
from supervision import mail
from supervision.node import card, node
from supervision.node.card import Card
from supervision.node.loop import Loop
from supervision.node.node import Addresses, Node
from supervision.node.serve import Desk
from supervision.node.transport import HttpTransport


@dataclass
class Member:
    """One node and whether it is there."""

    node: Node
    loop: Loop
    desk: Desk
    mail: Path
    present: bool = True
    idle_at: dt.datetime | None = None
    """The instant at which it last found nothing to do: without new mail it will not find anything then."""


@dataclass
class Fleet:
    """Nodes by the name the policy gives them."""

    folder: Path
    members: dict[str, Member] = field(default_factory=dict)

    def cards(self) -> list[Card]:
        """Make every node's keys."""
        return [
            card.make(self.folder / name, f"practice/{name}", org, wire.address(name)) for name, org in NODES.items()
        ]

    def open(self, policy_raw: bytes, roots_pem: bytes, client: httpx.Client, watch: Watch) -> None:
        """Pin the policy at every node and take it up."""
        inbox = self.folder.parent / mail.FOLDER
        for name in NODES:
            node.pin(self.folder / name, policy_raw, roots_pem)
            addresses = Addresses(wire.PORTAL, wire.INBOX)
            found = Node.open(self.folder / name, addresses, watch, HttpTransport(client))
            self.members[name] = Member(found, Loop(found), Desk(found, None), inbox / name)

    def desk(self, name: str) -> Desk | None:
        member = self.members.get(name)
        return member.desk if member is not None and member.present else None

    def step(self, now: dt.datetime) -> bool:
        """Mail, work and answers of every node that is there; whether anything was done."""
        return any([_step(member, now) for member in self._present()])  # noqa: C419  every node takes its turn

    def look_around(self) -> None:
        """What nodes show each other, and answers that waited for another try."""
        for member in self._present():
            member.loop.look_around()
            if member.node.outgoing.waiting():
                member.node.outgoing.hurry()

    def close(self) -> None:
        for member in self.members.values():
            member.node.close()

    def _present(self) -> list[Member]:
        return [member for member in self.members.values() if member.present]


def _step(member: Member, now: dt.datetime) -> bool:
    fetched = _fetched(member)
    if member.idle_at == now and not fetched:
        return False
    stepped = member.loop.step()
    posted = member.loop.post() if member.node.outgoing.waiting() else 0
    done = fetched or stepped or posted > 0
    member.idle_at = None if done else now
    return done


def _fetched(member: Member) -> bool:
    """Whether there was mail; the folder is looked at first, for most looks find nothing."""
    before = member.node.inbox.last()
    while mail.path_of(member.mail, member.node.inbox.last() + 1).is_file():
        member.node.inbox.fetch(0)
    return member.node.inbox.last() > before
