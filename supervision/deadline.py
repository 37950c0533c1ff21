"""The effective timetable of a lot, as everybody derives it from the log (log-and-nodes.md, section 3, "Deadline").

A fact without the right signature, or cosigned too late, is treated as absent. All moments are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kernel import canonical, keys
from kernel.clock import parse_rfc3339
from kernel.statements import Signed
from sealing.keyset import Keyset
from sealing.wire import WireError
from supervision import facts
from supervision.policy import Policy
from supervision.vocabulary import Fact, Statement
from supervision.witnessed import Cosignatures

OBJECTION = "objection:"
"""A suspension by the platform names the objection's fact: `cause` is `objection:<index>`."""


@dataclass(frozen=True)
class Terms:
    """A keyset in force: its exact bytes are what bids name by hash."""

    keyset: Keyset
    raw: bytes
    index: int

    @property
    def sha256(self) -> str:
        return canonical.sha(self.raw)


@dataclass(frozen=True)
class Deadline:
    """Until when bids are taken and when they open; a suspended lot goes on accepting and does not close."""

    closes_at: int
    opens_at: int
    suspended_at: int | None = None

    @property
    def suspended(self) -> bool:
        return self.suspended_at is not None


@dataclass(frozen=True)
class Authority:
    """Whose signatures count: the nodes of the pinned policy and, where it is known, the platform's own key."""

    policy: Policy
    platform: keys.PublicKey | None = None

    @property
    def trustees(self) -> Mapping[str, keys.PublicKey]:
        """Organization to pinned key, as `Keyset.check` takes them."""
        return {found.org: found.verifier.key for found in self.policy.witnesses.values() if found.org}

    def is_node(self, spelled: str) -> bool:
        return any(found.sign_key == spelled for found in self.policy.witnesses.values())


@dataclass(frozen=True)
class Course:
    """The terms and deadline after some prefix of the log."""

    lot: str
    terms: Terms | None = None
    deadline: Deadline | None = None
    earlier: tuple[Terms, ...] = ()

    def after(self, index: int, fact: Fact, by: Authority, cosigned: Cosignatures) -> Course:
        """The course once `fact` at `index` is taken into account; itself when the fact does not count."""
        since = cosigned.since(index)
        if since is None or getattr(fact, "lot", None) != self.lot:
            return self
        match fact:
            case facts.Keyset():
                return self._with_keyset(index, fact, by, since)
            case facts.Timetable():
                return self._with_timetable(fact, since)
            case _:
                return self._interrupted(fact, by, since)

    def _interrupted(self, fact: Fact, by: Authority, since: int) -> Course:
        match fact:
            case facts.Suspended():
                return self._suspended(fact, by, since)
            case facts.Resumed():
                return self._resumed(fact, by, since)
            case facts.OutageOrder():
                return self._reopened(fact)
            case _:
                return self

    def _with_keyset(self, index: int, fact: facts.Keyset, by: Authority, since: int) -> Course:
        terms = _terms(index, fact, by)
        version = 0 if self.terms is None else self.terms.keyset.version
        if terms is None or terms.keyset.version <= version or self._too_late(since) or not self._may_change(terms):
            return self
        earlier = self.earlier if self.terms is None else (*self.earlier, self.terms)
        return replace(self, terms=terms, earlier=earlier)

    def _may_change(self, terms: Terms) -> bool:
        """Terms are changed by the owner whose key stands in those in force."""
        return self.terms is None or terms.keyset.fact_keys.owner == self.terms.keyset.fact_keys.owner

    def _with_timetable(self, fact: facts.Timetable, since: int) -> Course:
        """Only ever later, by the owner, and cosigned while the old deadline had not come."""
        content = self._said(fact, "kaibiao-timetable/1", ("keyset_sha256", "closes_at", "opens_at"))
        if content is None or self.terms is None or not self._by_owner(fact.signed):
            return self
        new = _moments(content)
        if new is None or content["keyset_sha256"] != self.terms.sha256 or self._too_late(since):
            return self
        if self.deadline is None:
            return replace(self, deadline=new)
        later = new.closes_at >= self.deadline.closes_at and new.opens_at >= self.deadline.opens_at
        return replace(self, deadline=new) if later and not self.deadline.suspended else self

    def _suspended(self, fact: facts.Suspended, by: Authority, since: int) -> Course:
        content = self._said(fact, "kaibiao-suspended/1", ("at", "cause"))
        if content is None or self.deadline is None or self.deadline.suspended or self._too_late(since):
            return self
        at = self._near(content, since)
        if at is None or not self._may_suspend(fact.signed, content, by):
            return self
        return replace(self, deadline=replace(self.deadline, suspended_at=at))

    def _resumed(self, fact: facts.Resumed, by: Authority, since: int) -> Course:
        """Bidders get back all the time that was left at the suspension."""
        content = self._said(fact, "kaibiao-resumed/1", ("at", "closes_at", "opens_at"))
        if content is None or self.deadline is None or self.deadline.suspended_at is None:
            return self
        at, new, old = self._near(content, since), _moments(content), self.deadline
        if at is None or new is None or not self._may_suspend(fact.signed, {"cause": OBJECTION}, by):
            return self
        enough = new.closes_at >= at + (old.closes_at - self.deadline.suspended_at)
        later = new.closes_at >= old.closes_at and new.opens_at >= old.opens_at
        return replace(self, deadline=new) if enough and later else self

    def _reopened(self, fact: facts.OutageOrder) -> Course:
        """After a deadline passed in an outage; the caller takes it only while no cut was made."""
        content = self._said(fact, "kaibiao-outage/1", ("at", "closes_at", "opens_at"))
        if content is None or self.deadline is None or not self._by_supervisor(fact.signed):
            return self
        at, new, old = _unix(content["at"]), _moments(content), self.deadline
        if at is None or new is None or self.deadline.suspended:
            return self
        later = at >= old.closes_at and new.closes_at > at and new.opens_at >= old.opens_at
        return replace(self, deadline=new) if later else self

    def _too_late(self, since: int) -> bool:
        """At or after the deadline that stands; one that is suspended has none. A suspension never ends by a new timetable."""
        deadline = self.deadline
        return deadline is not None and not deadline.suspended and since >= deadline.closes_at

    def _near(self, content: dict[str, Any], since: int) -> int | None:
        """The statement's own moment, if it lies within cut_grace of its cosigning: nobody dates back or ahead."""
        at = _unix(content["at"])
        grace = 0 if self.terms is None else self.terms.keyset.cut_grace
        return at if at is not None and abs(at - since) <= grace else None

    def _said(self, fact: Statement, kind: str, names: tuple[str, ...]) -> dict[str, Any] | None:
        """The signed content, if it is of this lot and has exactly these fields."""
        try:
            content = fact.signed.content(kind)
        except (ValueError, TypeError):
            return None
        return content if set(content) == {"type", "lot", *names} and content["lot"] == self.lot else None

    def _may_suspend(self, signed: Signed, content: dict[str, Any], by: Authority) -> bool:
        """Owner or supervising authority; the platform for an objection that it names."""
        if self._by_owner(signed) or self._by_supervisor(signed):
            return True
        named = isinstance(content["cause"], str) and content["cause"].startswith(OBJECTION)
        return named and by.platform is not None and signed.signed_by(by.platform)

    def _by_owner(self, signed: Signed) -> bool:
        return self.terms is not None and signed_by(signed, self.terms.keyset.fact_keys.owner)

    def _by_supervisor(self, signed: Signed) -> bool:
        return self.terms is not None and signed_by(signed, self.terms.keyset.fact_keys.supervisor)


def signed_by(signed: Signed, spelled: str) -> bool:
    """Whether the key of this spelling made the signature; False for a spelling that is no key."""
    try:
        return signed.signed_by(keys.parse(spelled))
    except ValueError:
        return False


def _terms(index: int, fact: facts.Keyset, by: Authority) -> Terms | None:
    """The keyset of the fact, if it is sound against the policy and signed by owner and supervising authority."""
    raw = keys.unb64(fact.file)
    try:
        keyset = Keyset.parse(raw)
    except WireError:
        return None
    signers = ((fact.sig_owner, keyset.fact_keys.owner), (fact.sig_supervisor, keyset.fact_keys.supervisor))
    signed = all(signed_by(Signed(raw, keys.unb64(sig)), key) for sig, key in signers)
    same = (keyset.lot, keyset.version) == (fact.lot, fact.version)
    if not (signed and same and by.is_node(keyset.fact_keys.supervisor)) or keyset.check(by.trustees):
        return None
    return Terms(keyset, raw, index)


def _moments(content: dict[str, Any]) -> Deadline | None:
    """A closing that does not follow the opening; None otherwise."""
    closes_at, opens_at = _unix(content["closes_at"]), _unix(content["opens_at"])
    if closes_at is None or opens_at is None or opens_at < closes_at:
        return None
    return Deadline(closes_at, opens_at)


def _unix(text: object) -> int | None:
    try:
        return int(parse_rfc3339(text).timestamp()) if isinstance(text, str) else None
    except ValueError:
        return None
