"""A node put together: keys, policy, state and the parts that use them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from supervision.node.alerts import Alerts
from supervision.node.card import CARD_FILE, Card, NodeKeys, is_practice
from supervision.node.clock import Hands, NodeClock
from supervision.node.closing import Closing
from supervision.node.countersigning import Countersigning
from supervision.node.holds import Holds
from supervision.node.inbox import Inbox
from supervision.node.lots import Lots
from supervision.node.mirror import Mirror
from supervision.node.notes import Notes
from supervision.node.outgoing import Outgoing
from supervision.node.peers import Peers
from supervision.node.releasing import Releasing
from supervision.node.rolls import Rolls
from supervision.node.state import State
from supervision.node.statements import Statements
from supervision.node.transport import Transport, TransportReader
from supervision.node.trustee import Trustee
from supervision.node.waiting import Waiting
from supervision.node.witness import Witness
from supervision.policy import Policy

POLICY_FILE = "policy.txt"
ROOTS_FILE = "roots.pem"
POLICY = "policy_sha256"


class SetupError(Exception):
    """The folder is not that of a node of this policy."""


@dataclass(frozen=True)
class Addresses:
    """Where the platform is: the portal, and the server of its nodes' inboxes."""

    portal: str
    inbox: str


def pin(folder: Path, policy_raw: bytes, roots_pem: bytes | None = None) -> Policy:
    """Give the node its policy, once and for ever; SetupError if it has another or this one does not name its key."""
    policy = Policy.parse(policy_raw)
    check(policy, NodeKeys.load(folder))
    state = State(folder)
    try:
        state.pin(POLICY, policy.sha256)
    finally:
        state.close()
    if roots_pem is not None:
        (folder / ROOTS_FILE).write_bytes(roots_pem)
    (folder / POLICY_FILE).write_bytes(policy_raw)
    return policy


def check(policy: Policy, keys: NodeKeys) -> str:
    """The name the policy gives this node; SetupError for a policy that does not fit."""
    witness = policy.witness_of(keys.witness.verifier)
    if witness is None:
        raise SetupError("the policy does not name this node's key")
    if policy.practice != is_practice(keys.witness.name):
        raise SetupError("practice keys and keys for earnest do not mix")
    if policy.platform is None:
        raise SetupError("the policy has no line `# kaibiao platform ed25519:...`: receipts could not be checked")
    return witness.name


@dataclass(frozen=True)
class Node:
    """Every part of a running node; the threads of `loop` and `serve` share it."""

    folder: Path
    card: Card
    policy: Policy
    name: str
    state: State
    keys: NodeKeys
    clock: NodeClock
    outgoing: Outgoing
    alerts: Alerts
    mirror: Mirror
    notes: Notes
    peers: Peers
    witness: Witness
    lots: Lots
    trustee: Trustee
    holds: Holds
    inbox: Inbox
    transport: Transport
    addresses: Addresses

    @classmethod
    def open(cls, folder: Path, addresses: Addresses, hands: Hands, transport: Transport) -> Self:
        """Take up the state in `folder`; StateError if another process has it, SetupError before `pin`."""
        keys = NodeKeys.load(folder)
        policy = _pinned_policy(folder)
        name = check(policy, keys)
        state = State(folder)
        state.pin(POLICY, policy.sha256)
        clock = NodeClock(state, hands)
        outgoing = Outgoing(state, keys, clock, name)
        alerts = Alerts(state, outgoing, clock)
        log = policy.log.url or f"{addresses.portal.rstrip('/')}/log"
        mirror = Mirror(state, policy.log.origin, TransportReader(log, transport))
        notes, peers = Notes(state, policy), Peers(policy, name, transport, log)
        witness = Witness(state, policy, keys, clock, mirror, notes, alerts, outgoing, peers)
        lots = Lots(policy, mirror, notes, peers)
        inbox = Inbox(state, keys, transport, addresses.inbox, name)
        trustee = Trustee(state, policy, keys, clock, lots, alerts, outgoing, name)
        holds = Holds(state, policy, keys, transport)
        return cls(
            folder=folder,
            card=Card.parse((folder / CARD_FILE).read_bytes().strip()),
            policy=policy,
            name=name,
            state=state,
            keys=keys,
            clock=clock,
            outgoing=outgoing,
            alerts=alerts,
            mirror=mirror,
            notes=notes,
            peers=peers,
            witness=witness,
            lots=lots,
            trustee=trustee,
            holds=holds,
            inbox=inbox,
            transport=transport,
            addresses=addresses,
        )

    @cached_property
    def rolls(self) -> Rolls:
        return Rolls(self.state)

    @cached_property
    def statements(self) -> Statements:
        return Statements(self.state)

    @cached_property
    def closing(self) -> Closing:
        kept = (self.lots, self.rolls, self.trustee, self.statements)
        return Closing(self.state, self.keys, self.clock, *kept, self.alerts, self.outgoing, _roots(self.folder))

    @cached_property
    def releasing(self) -> Releasing:
        kept = (self.lots, self.rolls, self.trustee, self.statements, self.holds)
        return Releasing(self.state, self.keys, self.clock, *kept, self.alerts, self.outgoing)

    @cached_property
    def waiting(self) -> Waiting:
        return Waiting(self.mirror, self.alerts, self.clock)

    @cached_property
    def countersigning(self) -> Countersigning:
        return Countersigning(self.keys, self.lots, self.alerts, self.outgoing)

    def close(self) -> None:
        self.state.close()


def _pinned_policy(folder: Path) -> Policy:
    try:
        return Policy.parse((folder / POLICY_FILE).read_bytes())
    except FileNotFoundError as error:
        raise SetupError("no policy is pinned: `kaibiao node pin` first") from error


def _roots(folder: Path) -> tuple[bytes, ...]:
    """The certification authorities the owner trusts for bidders, as DER; none if no file was pinned."""
    path = folder / ROOTS_FILE
    if not path.exists():
        return ()
    found = x509.load_pem_x509_certificates(path.read_bytes())
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)
