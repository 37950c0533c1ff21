"""Release of the lines (sealing.md 1.5): promised by hash, given when t promises stand in the log, then forgotten.

The node's own clock, its own mirror and its own close decide; what the platform says about them does not.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys, law
from kernel.clock import rfc3339
from kernel.statements import Signed
from sealing import disputes, release, shares
from sealing import suite as suites
from sealing.keyset import Audience, Stage
from sealing.manifest import Manifest
from sealing.release import Release
from sealing.roll import Close
from supervision import facts
from supervision.deadline import Terms
from supervision.lotview import DESTROYED, Admitted, Box, LotView
from supervision.negotiation_facts import NegotiationClosed
from supervision.node import base_price
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
    """An admission of a stage, and what a release for it rests on."""

    view: LotView
    terms: Terms
    final: Box
    stage: Stage
    admitted: Admitted

    @property
    def name(self) -> str:
        """Lot, stage and admission, as settings and answers name them."""
        return f"{self.view.lot}/{self.stage.name}/{self.admitted.number}"

    @property
    def given(self) -> str:
        """The setting that says when the release was given."""
        return f"given/{self.name}"


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
        """Admission by admission: a later one adds bids, and what was released before is not released again."""
        rounds = view.rounds.get(stage.name, ())
        done = [self._round(Due(view, terms, final, stage, admitted)) for admitted in rounds]
        return any(done)

    def _round(self, due: Due) -> bool:
        if self.state.setting(due.given) is not None or not self._may_release(due, self.clock.now()):
            return False
        if self._own(due, _promise_kind(due.stage)) is None:
            return self._promise(due)
        return self._give(due)

    def _own(self, due: Due, kind: str) -> Signed | None:
        return self.statements.own(due.view.lot, kind, due.admitted.number)

    @law.holds("opening:sealing")
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
        live, published = live_manifests(delivered), due.view.identities.get(due.stage.name)
        known = published.identity if published is not None and published.index < due.admitted.index else None
        judged = disputes.judgments(live, due.terms.keyset, closes, known)
        expected = release.admitted(live, due.stage, closes, disputes.cleared(judged, known))
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
        key, number = self.keys.witness.private, due.admitted.number
        promise = Signed.make(release.commit(made, file).content(), key)
        with self.state.transaction():
            self.statements.keep(due.view.lot, (_file_kind(due.stage), number), Signed(file, keys.sign(file, key)))
            self.statements.keep(due.view.lot, (_promise_kind(due.stage), number), promise)
            self.outgoing.put(f"release.hash/{due.name}", "release.hash", promise.to_json())
        return True

    def _release(self, due: Due) -> Release | None:
        """This trustee's lines of every bid that this admission added, but those it called bad."""
        delivered = self.rolls.whole(due.view.lot, due.final.fact.seq, due.final.fact.cut_size)
        own = self.statements.own(due.view.lot, "close", due.final.fact.seq)
        if delivered is None or own is None:
            return None
        bad = {bid_id for bid_id, stage in Close.read(own).bad if stage == due.stage.name}
        wanted = set(self._added(due)) - bad
        secret = self.trustee.identity(due.terms, due.stage.name)
        suite = suites.named(due.terms.keyset.suite)
        lines = {
            manifest.bid_id: shares.unwrap(_wrapped(manifest, due.stage, self.trustee.i), suite, secret)
            for manifest in live_manifests(delivered)
            if manifest.bid_id in wanted
        }
        target = (due.view.lot, due.final.fact.root, due.stage.name, due.final.fact.seq, self.trustee.i)
        return Release(*target, lines, due.admitted.number)

    def _added(self, due: Due) -> tuple[str, ...]:
        """Against the admissions that this node found right; a wrong one released nothing."""
        rounds = due.view.rounds[due.stage.name][: due.admitted.number - 1]
        kind = _promise_kind(due.stage)
        before = [one.bids for one in rounds if self.statements.own(due.view.lot, kind, one.number) is not None]
        return release.added([*before, due.admitted.bids])

    def _give(self, due: Due) -> bool:
        """Only when t promises stand in the log: nobody reads while others can still hold back."""
        promised = due.view.hashes.get((due.stage.name, due.admitted.number), {})
        file = self._own(due, _file_kind(due.stage))
        if len(promised) < due.stage.t or self.trustee.i not in promised or file is None:
            return False
        body: dict[str, Any] = file.to_json()
        if due.stage.audience is Audience.EVALUATION:
            target = {"lot": due.view.lot, "stage": due.stage.name, "number": due.admitted.number}
            body = {**target, "age": keys.b64(file.raw), "hash": canonical.sha(file.raw)}
        with self.state.transaction():
            self.outgoing.put(f"release/{due.name}", "release", body)
            self._give_base_price(due)
            self.state.set(due.given, rfc3339(self.clock.now()))
        return True

    @law.holds("C20.base")
    def _give_base_price(self, due: Due) -> None:
        """With the lines of the bids, under the same conditions, the one of the owner's base price."""
        if base_price.is_due(due.view, due.terms, due.stage, due.admitted.number):
            share = self.trustee.i, self.trustee.identity(due.terms, due.stage.name)
            said = base_price.line(due.view, due.terms, share, self.keys.witness.private)
            self.outgoing.put(f"{base_price.KIND}/{due.view.lot}", base_price.KIND, said.to_json())

    def _destroy(self, view: LotView, terms: Terms, now: dt.datetime) -> bool:
        """When nothing more can be asked of a stage's identity, unopened envelopes are shut for ever."""
        for stage in terms.keyset.stages:
            kept = self.statements.own(view.lot, f"destroyed/{stage.name}", 0) is None
            if kept and (view.failed or self._is_over(view, stage)):
                self._destroyed(view.lot, terms, stage, now)
                return True
        return False

    def _is_over(self, view: LotView, stage: Stage) -> bool:
        """The result is on record, or the end of a negotiation; or, for a public stage, the opening, every bid read or judged.

        While a bid is set aside, its lines may still be cleared or disputed.
        """
        found = [fact for _, fact in self.lots.mirror.facts_of(view.lot)]
        if any(isinstance(fact, facts.ResultPublished | NegotiationClosed) for fact in found):
            return True
        admitted = view.admissions.get(stage.name)
        recorded = any(isinstance(fact, facts.OpeningRecord) for fact in found)
        if stage.audience is not Audience.PUBLIC or admitted is None or not recorded:
            return False
        ended = {fact.bid_id for fact in found if isinstance(fact, facts.BidOpened | facts.BidJudged)}
        return ended >= {*admitted.bids, *admitted.set_aside}

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
