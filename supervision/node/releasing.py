"""Release of the lines (sealing.md 1.5): promised by hash, given when t promises stand in the log, then forgotten.

The node's own clock, its own mirror and its own close decide; what the platform says about them does not.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.statements import Signed
from sealing import release, shares
from sealing import suite as suites
from sealing.keyset import Audience, Stage
from sealing.manifest import Manifest
from sealing.release import Release
from sealing.roll import Close
from supervision import facts
from supervision.deadline import Terms
from supervision.lotview import DESTROYED, Admitted, Box, LotView
from supervision.node.alerts import Alerts, Finding
from supervision.node.card import NodeKeys
from supervision.node.clock import NodeClock
from supervision.node.closing import live_manifests
from supervision.node.holds import Holds
from supervision.node.lots import Lots
from supervision.node.outgoing import Outgoing
from supervision.node.rolls import Rolls
from supervision.node.state import State
from supervision.node.statements import Statements
from supervision.node.trustee import Trustee


@dataclass(frozen=True)
class Due:
    """A stage whose release conditions hold."""

    view: LotView
    terms: Terms
    final: Box
    stage: Stage
    admitted: Admitted


@dataclass(frozen=True)
class Releasing:
    state: State
    keys: NodeKeys
    clock: NodeClock
    lots: Lots
    rolls: Rolls
    trustee: Trustee
    statements: Statements
    holds: Holds
    alerts: Alerts
    outgoing: Outgoing

    def step(self, lot: str) -> bool:
        """Promise, give or destroy what is due; whether anything was. ClockError while the clock is in doubt."""
        view, now = self.lots.view(lot), self.clock.now()
        terms, final = view.terms, view.final
        if terms is None:
            return False
        if view.failed or final is None:
            return view.failed and self._destroy(view, terms, now)
        done = [self._stage(view, terms, final, stage) for stage in terms.keyset.stages]
        return any(done) or self._destroy(view, terms, now)

    def _stage(self, view: LotView, terms: Terms, final: Box, stage: Stage) -> bool:
        admitted = view.admissions.get(stage.name)
        if admitted is None or self._given(view.lot, stage.name, final):
            return False
        due = Due(view, terms, final, stage, admitted)
        if not self._may_release(due, self.clock.now()):
            return False
        if self.statements.own(view.lot, _promise_kind(stage), final.fact.seq) is None:
            return self._promise(due)
        return self._give(due)

    def _given(self, lot: str, stage: str, final: Box) -> bool:
        return self.state.setting(f"given/{lot}/{stage}/{final.fact.seq}") is not None

    def _may_release(self, due: Due, now: dt.datetime) -> bool:
        """Every condition of log-and-nodes.md, section 3, "Release", by this node's own clock."""
        deadline, terms, seconds = due.view.deadline, due.terms, int(now.timestamp())
        if deadline is None or self.statements.own(due.view.lot, "close", due.final.fact.seq) is None:
            return False
        waited = seconds >= deadline.opens_at + terms.keyset.open_wait
        started = due.view.opening_started is not None or waited
        if seconds < deadline.opens_at or not started or not self._is_admission_right(due):
            return False
        supervisor = terms.keyset.fact_keys.supervisor
        heard = self.holds.ask(due.view.lot, supervisor)
        return (heard or waited) and not self.holds.in_force(due.view.lot, supervisor, now)

    def _is_admission_right(self, due: Due) -> bool:
        """The first stage's admission is recomputed from the closes below it; a wrong one opens nothing."""
        if due.stage != due.terms.keyset.stages[0]:
            return True
        delivered = self.rolls.whole(due.view.lot, due.final.fact.seq, due.final.fact.cut_size)
        if delivered is None:
            return False
        counted = due.view.closes_of(due.final).items()
        closes = {i: found.close for i, found in counted if found.index < due.admitted.index}
        expected = release.admitted(live_manifests(delivered), due.stage, closes)
        if (expected.bids, expected.set_aside) == (due.admitted.bids, due.admitted.set_aside):
            return True
        evidence = {"lot": due.view.lot, "admitted_index": due.admitted.index, "expected": list(expected.bids)}
        self.alerts.add(Finding("admission.wrong", "red", "behavior", evidence, due.view.lot))
        return False

    def _promise(self, due: Due) -> bool:
        """The file and its hash are fixed in one commit: the second step gives exactly these bytes."""
        made = self._release(due)
        if made is None:
            return False
        file = made.file(due.terms.keyset)
        key, seq = self.keys.witness.private, due.final.fact.seq
        promise = Signed.make(release.commit(made, file).content(), key)
        with self.state.transaction():
            self.statements.keep(due.view.lot, (_file_kind(due.stage), seq), Signed(file, keys.sign(file, key)))
            self.statements.keep(due.view.lot, (_promise_kind(due.stage), seq), promise)
            name = f"release.hash/{due.view.lot}/{due.stage.name}/{seq}"
            self.outgoing.put(name, "release.hash", promise.to_json())
        return True

    def _release(self, due: Due) -> Release | None:
        """This trustee's lines of every admitted bid but those it called bad."""
        delivered = self.rolls.whole(due.view.lot, due.final.fact.seq, due.final.fact.cut_size)
        own = self.statements.own(due.view.lot, "close", due.final.fact.seq)
        if delivered is None or own is None:
            return None
        bad = {bid_id for bid_id, stage in Close.read(own).bad if stage == due.stage.name}
        wanted = set(due.admitted.bids) - bad
        secret = self.trustee.identity(due.terms, due.stage.name)
        suite = suites.named(due.terms.keyset.suite)
        lines = {
            manifest.bid_id: shares.unwrap(_wrapped(manifest, due.stage, self.trustee.i), suite, secret)
            for manifest in live_manifests(delivered)
            if manifest.bid_id in wanted
        }
        target = (due.view.lot, due.final.fact.root, due.stage.name, due.final.fact.seq, self.trustee.i)
        return Release(*target, lines)

    def _give(self, due: Due) -> bool:
        """Only when t promises stand in the log: nobody reads while others can still hold back."""
        promised = due.view.hashes.get(due.stage.name, {})
        file = self.statements.own(due.view.lot, _file_kind(due.stage), due.final.fact.seq)
        if len(promised) < due.stage.t or self.trustee.i not in promised or file is None:
            return False
        body: dict[str, Any] = file.to_json()
        if due.stage.audience is Audience.EVALUATION:
            target = {"lot": due.view.lot, "stage": due.stage.name}
            body = {**target, "age": keys.b64(file.raw), "hash": canonical.sha(file.raw)}
        seq = due.final.fact.seq
        with self.state.transaction():
            self.outgoing.put(f"release/{due.view.lot}/{due.stage.name}/{seq}", "release", body)
            self.state.set(f"given/{due.view.lot}/{due.stage.name}/{seq}", rfc3339(self.clock.now()))
        return True

    def _destroy(self, view: LotView, terms: Terms, now: dt.datetime) -> bool:
        """When the opening (or, for the evaluation, the result) is on record, unopened envelopes are shut for ever."""
        kinds = {fact.kind for _, fact in self.lots.mirror.facts_of(view.lot)}
        for stage in terms.keyset.stages:
            over = facts.OpeningRecord if stage.audience is Audience.PUBLIC else facts.ResultPublished
            if (view.failed or over.kind in kinds) and self.statements.own(
                view.lot, f"destroyed/{stage.name}", 0
            ) is None:
                self._destroyed(view.lot, terms, stage, now)
                return True
        return False

    def _destroyed(self, lot: str, terms: Terms, stage: Stage, now: dt.datetime) -> None:
        said = {"lot": lot, "stage": stage.name, "version": terms.keyset.version, "i": self.trustee.i}
        content = {"type": DESTROYED, **said, "time": rfc3339(now)}
        statement = Signed.make(content, self.keys.witness.private)
        with self.state.transaction():
            self.trustee.destroy(terms, stage.name)
            self.statements.keep(lot, (f"destroyed/{stage.name}", 0), statement)
            body = {"lot": lot, "stage": stage.name, **statement.to_json()}
            self.outgoing.put(f"destroyed/{lot}/{stage.name}", "stage.destroyed", body)


def _wrapped(manifest: Manifest, stage: Stage, i: int) -> str:
    return manifest.envelope(stage.name).share(i).wrapped


def _promise_kind(stage: Stage) -> str:
    return f"release.hash/{stage.name}"


def _file_kind(stage: Stage) -> str:
    return f"release/{stage.name}"
