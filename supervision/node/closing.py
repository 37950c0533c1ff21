"""Closing: the roll is repeated whole against the cut and the node's own memory before it signs kaibiao-close/1.

What it refuses it says: a red alert with the faults, and no close. Nothing is signed before the deadline and the
roll window have passed on the node's own clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kernel.clock import rfc3339
from kernel.statements import Signed
from sealing import certificates, roll_check, submission
from sealing.faults import Fault
from sealing.keyset import Audience
from sealing.manifest import Envelope, Manifest
from sealing.roll import close
from sealing.roll_check import Grounds
from sealing.wire import WireError
from supervision import facts
from supervision.deadline import Deadline, Terms
from supervision.lotview import Box, LotView
from supervision.node.alerts import Alerts, Finding
from supervision.node.card import NodeKeys
from supervision.node.clock import NodeClock
from supervision.node.lots import Lots
from supervision.node.outgoing import Outgoing
from supervision.node.rolls import Delivered, Rolls
from supervision.node.state import State
from supervision.node.statements import Statements
from supervision.node.trustee import Trustee

RULE = "1.4"
SMALL_CUT = "cut_small"


@dataclass(frozen=True)
class Closing:
    state: State
    keys: NodeKeys
    clock: NodeClock
    lots: Lots
    rolls: Rolls
    trustee: Trustee
    statements: Statements
    alerts: Alerts
    outgoing: Outgoing
    roots: tuple[bytes, ...] = ()

    def step(self, lot: str) -> bool:
        """Close on the lot's latest box if everything is there and right; ClockError while the clock is in doubt."""
        view = self.lots.view(lot)
        box, now = view.box, self.clock.now()
        if box is None or box.since is None:
            self._find_cut(view, now)
            return False
        if self.statements.own(lot, "close", box.fact.seq) is not None or not self._is_time(view, box, now):
            return False
        delivered = self.rolls.whole(lot, box.fact.seq, box.fact.cut_size)
        if delivered is None:
            return self._missing(lot, view, now)
        if self.state.setting(f"refused/{lot}/{box.fact.seq}") == delivered.sha256:
            return False
        return self._judge(view, box, delivered, now)

    def _find_cut(self, view: LotView, now: dt.datetime) -> None:
        """A box whose cut or cosigning is not known yet: the peers hold their own lines on it."""
        found = [fact for _, fact in self.lots.mirror.facts_of(view.lot) if isinstance(fact, facts.BoxClosed)]
        if found and view.deadline is not None:
            self.lots.gather_quorum(found[-1].cut_size, view.deadline.closes_at, now)
            self.lots.gather_quorum(self.lots.mirror.head().size, 0, now)

    def _is_time(self, view: LotView, box: Box, now: dt.datetime) -> bool:
        """Past the deadline, and roll_window after this node first saw the box cosigned: time to object.

        A node that was down closes late, but not after release_by.
        """
        name, seconds = f"box/{view.lot}/{box.fact.seq}", int(now.timestamp())
        if self.state.setting(name) is None:
            self.state.set(name, str(seconds))
        seen = int(self.state.setting(name) or seconds)
        if view.terms is None or view.deadline is None:
            return False
        over = view.final is not None and seconds > view.deadline.opens_at + view.terms.keyset.release_by
        waited = seconds >= view.deadline.closes_at and seconds >= seen + view.terms.keyset.roll_window
        return waited and not over

    def _judge(self, view: LotView, box: Box, delivered: Delivered, now: dt.datetime) -> bool:
        terms, deadline = view.terms, view.deadline
        if terms is None or deadline is None:
            return False
        try:
            faults = list(self._faults(view, box, delivered))
        except (WireError, ValueError) as error:
            faults = [Fault("roll_malformed", f"名册格式不对({error})", f"the roll is malformed: {error}", RULE)]
        if faults:
            self._refuse(view.lot, box, delivered, faults)
            return False
        self._presented(view.lot, delivered, now)
        self._sign(view, terms, delivered, now)
        return True

    def _faults(self, view: LotView, box: Box, delivered: Delivered) -> Iterator[Fault]:
        terms, deadline = view.terms, view.deadline
        assert terms is not None
        assert deadline is not None
        yield from self._cut_faults(box, deadline)
        grounds = self._grounds(view, box, delivered)
        yield from roll_check.check_roll(delivered.roll, box.fact.to_json(), grounds)
        held = self.statements.receipts(view.lot)
        yield from roll_check.check_memory(delivered.roll, self.trustee.acknowledged(view.lot), held)
        for stage in terms.keyset.stages:
            if stage.audience is Audience.PUBLIC:
                for envelope in roll_check.ciphertext_due(delivered.roll, stage).values():
                    yield from self._file_faults(terms.keyset.suite, envelope)

    def _cut_faults(self, box: Box, deadline: Deadline) -> Iterator[Fault]:
        """A cut smaller than a tree this node vouched for before the deadline would leave out what stood there.

        Before, not at: in the deadline's own second the cut and what follows it may both be signed.
        """
        sql = "SELECT max(size) FROM cosignature WHERE name = ? AND time < ?"
        found = self.state.row(sql, self.trustee.me, deadline.closes_at)
        if found is not None and found[0] is not None and box.fact.cut_size < found[0]:
            said = f"the cut at {box.fact.cut_size} is below {found[0]}, which this node cosigned before the deadline"
            yield Fault(SMALL_CUT, f"截止快照小于本节点截止前见证的日志({found[0]})", said, RULE)

    def _grounds(self, view: LotView, box: Box, delivered: Delivered) -> Grounds:
        terms, deadline, platform = view.terms, view.deadline, self.trustee.policy.platform
        if terms is None or deadline is None or platform is None:
            raise ValueError("the policy does not name the platform's key")
        return Grounds(
            keysets={found.sha256: found.keyset for found in (*view.course.earlier, terms)},
            current=terms.sha256,
            roots=self.roots or _tops(delivered),
            platform_key=platform,
            cut_root=box.cut.root,
            closes_at=rfc3339(dt.datetime.fromtimestamp(deadline.closes_at, dt.UTC)),
            withdrawn=delivered.withdrawn,
        )

    def _file_faults(self, suite: str, envelope: Envelope) -> list[Fault]:
        """1.3 repeated on a ciphertext of a public stage."""
        raw = self.rolls.ciphertext(envelope.ciphertext_sha256)
        if raw is None or len(raw) != envelope.size:
            said = f"the ciphertext {envelope.ciphertext_sha256} did not come with the roll"
            return [Fault("ciphertext_missing", f"名册缺少密文 {envelope.ciphertext_sha256}", said, RULE)]
        head = submission.FileFacts(envelope.ciphertext_sha256, len(raw), raw[: submission.HEAD_BYTES])
        return submission.ciphertext_faults(suite, envelope.stage, head)

    def _refuse(self, lot: str, box: Box, delivered: Delivered, faults: list[Fault]) -> None:
        said = [{"code": fault.code, "en": fault.en, "zh": fault.zh} for fault in faults[:50]]
        evidence: dict[str, Any] = {"lot": lot, "box_index": box.index, "seq": box.fact.seq, "root": box.fact.root}
        evidence |= {"faults": said, "acks": self._acks_left_out(lot, delivered)}
        with self.state.transaction():
            self.alerts.add(Finding("roll.refused", "red", "behavior", evidence, lot))
            self.state.set(f"refused/{lot}/{box.fact.seq}", delivered.sha256)

    def _acks_left_out(self, lot: str, delivered: Delivered) -> list[dict[str, str]]:
        """This node's own signed acks of bids that the roll does not show: what convicts it."""
        listed = {entry.manifest_sha256 for entry in delivered.roll.entries}
        left_out = [digest for digest in self.trustee.acknowledged(lot) if digest not in listed]
        return [self.statements.promise(lot, digest, "ack").to_json() for digest in left_out[:50]]

    def _presented(self, lot: str, delivered: Delivered, now: dt.datetime) -> None:
        """A bid shown to this node in time that the roll does not know: an alert, not a bid (1.3)."""
        listed = {entry.manifest_sha256 for entry in delivered.roll.entries}
        for digest, statement in self.statements.presented(lot):
            if digest not in listed:
                evidence = {"lot": lot, "presented": statement.to_json(), "at": rfc3339(now)}
                self.alerts.add(Finding("presented.missing", "red", "behavior", evidence, lot))

    def _sign(self, view: LotView, terms: Terms, delivered: Delivered, now: dt.datetime) -> None:
        """Kept with the answer in one commit; from here on this node stands by this root."""
        acknowledged = self.trustee.acknowledged(view.lot)
        secrets = self.trustee.secrets(terms)
        bad = roll_check.bad_lines(delivered.roll, terms.keyset, self.trustee.i, secrets, acknowledged)
        content = close(delivered.roll, bad, rfc3339(now)).content()
        statement, seq = Signed.make(content, self.keys.witness.private), delivered.roll.seq
        with self.state.transaction():
            self.statements.keep(view.lot, ("close", seq), statement)
            self.outgoing.put(f"close/{view.lot}/{seq}", "close", statement.to_json())

    def _missing(self, lot: str, view: LotView, now: dt.datetime) -> bool:
        box = view.box
        if box is not None and view.terms is not None and box.since is not None:
            late = now.timestamp() > box.since + 4 * view.terms.keyset.roll_window
            if late:
                evidence = {"lot": lot, "box_index": box.index, "seq": box.fact.seq}
                self.alerts.add(Finding("roll.missing", "yellow", "timeliness", evidence, lot))
        return False


def live_manifests(delivered: Delivered) -> list[Manifest]:
    return [Manifest.parse(entry.manifest) for entry in delivered.roll.live()]


def _tops(delivered: Delivered) -> tuple[bytes, ...]:
    """Where the owner pinned no roots, who certifies bidders is left to the verifier: each chain ends in itself."""
    chains = [certificates.Bidder.parse(entry.bidder_json).cert_chain for entry in delivered.roll.entries]
    chains += [entry.warrant.cert_chain for entry in delivered.roll.entries if entry.warrant is not None]
    return tuple(sorted({chain[-1] for chain in chains}))
