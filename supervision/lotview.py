"""What the log says about one lot: terms, deadline, box, closes, admissions, release hashes. Pure.

Nodes, portal, bidders' clients and the verifier all derive it from the same facts and cosigned checkpoints; none
takes another's word for it. Facts without the right signature are absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel import keys
from kernel.statements import Signed
from sealing import baseprice, wire
from sealing import suite as suites
from sealing.disputes import Finding, Identity
from sealing.keyset import Audience, Stage
from sealing.release import ReleaseHash
from sealing.roll import Close
from supervision import facts
from supervision.base_price_facts import BasePriceSealed
from supervision.deadline import Authority, Course, Deadline, Terms, signed_by
from supervision.vocabulary import Fact
from supervision.witnessed import Cosignatures, Witnessed

ADMITTED = "kaibiao-admitted/1"
OPENING = "kaibiao-opening-started/1"
DESTROYED = "kaibiao-destroyed/1"

Round = tuple[str, int]
"""A stage and the number of its admission."""


@dataclass(frozen=True)
class Box:
    """A `box.closed` whose cut holds; `since` is when a quorum had cosigned it (None while it has not)."""

    index: int
    fact: facts.BoxClosed
    cut: Witnessed
    since: int | None


@dataclass(frozen=True)
class Counted:
    """A statement of trustee `i` and where it stands in the log."""

    index: int
    close: Close


@dataclass(frozen=True)
class Admitted:
    """A logged admission; `number` counts those of its stage, of which a later one may add bids."""

    index: int
    stage: str
    bids: tuple[str, ...]
    set_aside: tuple[str, ...]
    number: int = 1


@dataclass(frozen=True)
class Published:
    """The one identity of a stage that its trustee published, and where it stands in the log."""

    index: int
    identity: Identity


@dataclass
class LotView:
    """Built by `view`; read-only afterwards."""

    lot: str
    course: Course
    boxes: dict[int, Box] = field(default_factory=dict)
    closes: dict[int, dict[int, Counted]] = field(default_factory=dict)
    final: Box | None = None
    failed: bool = False
    opening_started: int | None = None
    members: dict[str, str] = field(default_factory=dict)
    rounds: dict[str, list[Admitted]] = field(default_factory=dict)
    hashes: dict[Round, dict[int, ReleaseHash]] = field(default_factory=dict)
    released: dict[Round, set[int]] = field(default_factory=dict)
    destroyed: dict[str, set[int]] = field(default_factory=dict)
    findings: dict[tuple[str, str, int], set[str]] = field(default_factory=dict)
    identities: dict[str, Published] = field(default_factory=dict)
    base_prices: dict[str, tuple[int, BasePriceSealed]] = field(default_factory=dict)
    """By the keyset it was sealed to, the one base price that counts, and where it stands in the log."""

    @property
    def terms(self) -> Terms | None:
        return self.course.terms

    @property
    def deadline(self) -> Deadline | None:
        return self.course.deadline

    @property
    def base_price(self) -> BasePriceSealed | None:
        """The base price of the terms in force, in the log before the final roll's cut; None where there is none."""
        if self.terms is None or self.final is None:
            return None
        index, found = self.base_prices.get(self.terms.sha256, (self.final.fact.cut_size, None))
        return found if index < self.final.fact.cut_size else None

    @property
    def admissions(self) -> dict[str, Admitted]:
        """The latest admission of each stage: all its bids, whoever of them was added when."""
        return {stage: rounds[-1] for stage, rounds in self.rounds.items()}

    @property
    def box(self) -> Box | None:
        """The highest attempt at the roll that counts: the final one once there is one."""
        return self.final or (self.boxes[max(self.boxes)] if self.boxes else None)

    def closes_of(self, box: Box) -> Mapping[int, Counted]:
        """Trustee to its logged close on this box."""
        return self.closes.get(box.fact.seq, {})

    def stage(self, name: str) -> Stage:
        """KeyError when the keyset has no such stage."""
        if self.terms is None:
            raise KeyError(name)
        return self.terms.keyset.stage(name)

    @property
    def threshold(self) -> int:
        """How many closes make a roll final: enough for every stage."""
        return 0 if self.terms is None else max(stage.t for stage in self.terms.keyset.stages)

    def is_inspected(self, stage: str, i: int) -> bool:
        """Whether a line of trustee `i` was inspected by the supervising authority and by another node than its own."""
        if self.terms is None:
            return False
        supervisor, own = self.terms.keyset.fact_keys.supervisor, self.stage(stage).trustee(i).sign_key
        signers = [keys_of for (_, name, j), keys_of in self.findings.items() if (name, j) == (stage, i)]
        return any(supervisor in found and found - {supervisor, own} for found in signers)

    def identity_obstacle(self, stage: str, i: int) -> str | None:
        """Why trustee `i` may not publish its identity of a stage now; None when it may."""
        found = self.stage(stage)
        if found.audience is not Audience.PUBLIC:
            return "only an identity of a public stage may be published"
        if stage in self.identities:
            return "another identity of this stage is published already"
        if len(self.released.get((stage, 1), ())) < found.t:
            return "fewer than t releases of the stage are complete"
        return None if self.is_inspected(stage, i) else "no line of this trustee was inspected"

    def trustee_of(self, sign_key: str) -> int | None:
        """The share index of the node with this key."""
        if self.terms is None:
            return None
        found = self.terms.keyset.stages[0].trustees
        return next((entry.i for entry in found if entry.sign_key == sign_key), None)


@dataclass
class _Reading:
    """One pass over the lot's facts in the log's order."""

    found: LotView
    by: Authority
    cosigned: Cosignatures

    def take(self, index: int, fact: Fact) -> None:
        match fact:
            case facts.OutageOrder() if self.found.boxes:
                return
            case facts.BoxClosed():
                self._box(index, fact)
            case facts.Close():
                self._close(index, fact)
            case facts.Finding():
                self._finding(fact)
            case facts.StageIdentity():
                self._identity(index, fact)
            case _:
                self.found.course = self.found.course.after(index, fact, self.by, self.cosigned)
                self._opening(index, fact)

    def _opening(self, index: int, fact: Fact) -> None:
        match fact:
            case facts.OpeningStarted():
                self._started(index, fact)
            case facts.TenderFailed():
                self.found.failed = True
            case facts.CommitteeFormed():
                self.found.members = {member.alias: member.sign_key for member in fact.members}
            case facts.StageAdmitted():
                self._admitted(index, fact)
            case facts.ReleaseHash() | facts.Release() | facts.StageDestroyed():
                self._release(fact)
            case _:
                self._base_price(index, fact)

    def _box(self, index: int, fact: facts.BoxClosed) -> None:
        """The cut must exist, in the window after the deadline; a later attempt keeps it and comes before the final close."""
        found, box = self.found, self.found.box
        if found.final is not None or found.terms is None or len(fact.bids) != fact.count:
            return
        follows = box is None or (fact.seq > box.fact.seq and fact.cut_size == box.fact.cut_size)
        cut = self._cut(fact) if follows and fact.cut_size <= index else None
        if cut is not None:
            found.boxes[fact.seq] = Box(index, fact, cut, self.cosigned.since(index))

    def _cut(self, fact: facts.BoxClosed) -> Witnessed | None:
        terms, deadline = self.found.terms, self.found.deadline
        if terms is None or deadline is None or deadline.suspended:
            return None
        end = deadline.closes_at + terms.keyset.cut_grace
        return self.cosigned.cut(fact.cut_size, deadline.closes_at, end)

    def _close(self, index: int, fact: facts.Close) -> None:
        close, box = _close_of(fact), self.found.box
        i = self._trustee(fact.node, fact.signed)
        if close is None or box is None or i is None:
            return
        if _target(close) != (self.found.lot, box.fact.seq, box.fact.root, box.fact.count):
            return
        of_seq = self.found.closes.setdefault(close.seq, {})
        of_seq.setdefault(i, Counted(index, close))
        if self.found.final is None and len(of_seq) >= self.found.threshold:
            self.found.final = box

    def _base_price(self, index: int, fact: Fact) -> None:
        """One for each keyset: the first that its owner signed; nobody puts another in its place (条例 art. 27)."""
        terms = self.found.terms
        if not isinstance(fact, BasePriceSealed) or terms is None:
            return
        if not baseprice.faults(fact.signed, terms.keyset, terms.sha256):
            self.found.base_prices.setdefault(terms.sha256, (index, fact))

    def _started(self, index: int, fact: facts.OpeningStarted) -> None:
        terms = self.found.terms
        content = _content(fact.signed, OPENING)
        if terms is None or content is None or content.get("lot") != self.found.lot or self.found.box is None:
            return
        signers = (terms.keyset.fact_keys.owner, terms.keyset.fact_keys.agency)
        if self.found.opening_started is None and any(signed_by(fact.signed, key) for key in signers):
            self.found.opening_started = index

    def _admitted(self, index: int, fact: facts.StageAdmitted) -> None:
        """The first stage's is recomputed by whoever relies on it; a later stage's needs every member's signature."""
        terms, final = self.found.terms, self.found.final
        if terms is None or final is None or (fact.seq, fact.root) != (final.fact.seq, final.fact.root):
            return
        first = fact.stage == terms.keyset.stages[0].name
        if first or self._all_members(fact):
            rounds = self.found.rounds.setdefault(fact.stage, [])
            rounds.append(Admitted(index, fact.stage, fact.bids, fact.set_aside, len(rounds) + 1))

    def _all_members(self, fact: facts.StageAdmitted) -> bool:
        said = {"lot": fact.lot, "stage": fact.stage, "seq": fact.seq, "root": fact.root}
        expected = {"type": ADMITTED, **said, "bids": list(fact.bids), "set_aside": list(fact.set_aside)}
        signed = set()
        for signing in fact.signatures:
            statement = Signed(keys.unb64(signing.file), keys.unb64(signing.sig))
            key = self.found.members.get(signing.by)
            if key and _content(statement, ADMITTED) == expected and signed_by(statement, key):
                signed.add(signing.by)
        return bool(self.found.members) and signed == set(self.found.members)

    def _release(self, fact: facts.ReleaseHash | facts.Release | facts.StageDestroyed) -> None:
        match fact:
            case facts.ReleaseHash():
                self._promised(fact)
            case facts.Release():
                self._given(fact)
            case facts.StageDestroyed():
                i = self._trustee(fact.node, fact.signed)
                content = _content(fact.signed, DESTROYED)
                if i is not None and content is not None and content.get("stage") == fact.stage:
                    self.found.destroyed.setdefault(fact.stage, set()).add(i)

    def _promised(self, fact: facts.ReleaseHash) -> None:
        i, final = self._trustee(fact.node, fact.signed), self.found.final
        try:
            said = ReleaseHash.read(fact.signed)
        except wire.WireError:
            return
        if i is None or final is None:
            return
        expected = (self.found.lot, final.fact.root, fact.stage, final.fact.seq, i)
        if (said.lot, said.root, said.stage, said.seq, said.i) == expected:
            self.found.hashes.setdefault((fact.stage, said.number), {}).setdefault(i, said)

    def _given(self, fact: facts.Release) -> None:
        for (stage, number), promised in self.found.hashes.items():
            given = {i for i, said in promised.items() if stage == fact.stage and said.sha256 == fact.sha256}
            if given:
                self.found.released.setdefault((stage, number), set()).update(given)

    def _finding(self, fact: facts.Finding) -> None:
        witness = self.by.policy.witnesses.get(fact.by)
        if witness is None or not signed_by(fact.signed, witness.sign_key):
            return
        try:
            said = Finding.read(fact.signed)
        except wire.WireError:
            return
        target = (fact.bid_id, fact.stage, fact.i)
        if (said.lot, said.bid_id, said.stage, said.i) == (self.found.lot, *target):
            self.found.findings.setdefault(target, set()).add(witness.sign_key)

    def _identity(self, index: int, fact: facts.StageIdentity) -> None:
        """The first one that may be published, and only if it is the keyset's."""
        i, terms = self._trustee(fact.node, fact.signed), self.found.terms
        try:
            said = Identity.read(fact.signed)
        except wire.WireError:
            return
        if i is None or terms is None or (said.lot, said.stage, said.i) != (self.found.lot, fact.stage, i):
            return
        if all(stage.name != said.stage for stage in terms.keyset.stages):
            return
        recipient = suites.named(terms.keyset.suite).recipient_of(said.secret)
        fits = recipient == self.found.stage(said.stage).trustee(i).recipient
        if fits and self.found.identity_obstacle(said.stage, i) is None:
            self.found.identities[said.stage] = Published(index, said)

    def _trustee(self, node: str, signed: Signed) -> int | None:
        """The share index of the node, if its pinned key made the signature."""
        witness = self.by.policy.witnesses.get(node)
        if witness is None or not signed.signed_by(witness.verifier.key):
            return None
        return self.found.trustee_of(witness.sign_key)


def view(lot: str, log: Iterable[tuple[int, Fact]], by: Authority, cosigned: Cosignatures) -> LotView:
    """The lot after these (index, fact) pairs in the log's order."""
    reading = _Reading(LotView(lot, Course(lot)), by, cosigned)
    for index, fact in log:
        reading.take(index, fact)
    return reading.found


def _target(close: Close) -> tuple[str, int, str, int]:
    return close.lot, close.seq, close.root, close.count


def _close_of(fact: facts.Close) -> Close | None:
    try:
        return Close.read(fact.signed)
    except wire.WireError:
        return None


def _content(signed: Signed, kind: str) -> dict[str, Any] | None:
    try:
        return signed.content(kind)
    except (ValueError, TypeError):
        return None
