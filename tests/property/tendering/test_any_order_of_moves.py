"""Whatever is tried, in whatever order, by whomever: on the real services and a real database no invariant of a lot breaks.

The machine begins in any state of the table and reads from it what may follow, so that a new state or event is tried at once.
Acts that have a service with guards of their own go through that service; all others are tried as bare moves.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from accounts.actor import Actor
from accounts.roles import Role
from kernel import keys
from kernel.db import db
from kernel.errors import Refusal
from kernel.statements import Signed
from oversight import directives
from supervision import facts
from tendering import lifecycle, service, statements
from tendering.approvals import Act
from tendering.models import Approval, Lot
from tendering.objections import service as objections
from tendering.states import (
    CLOCK,
    DECIDED,
    ENDED,
    MACHINE,
    TENDERS,
    UNDER_WAY,
    LotEvent,
    LotState,
    TenderEvent,
    TenderState,
)
from tests import objection_stage as on
from tests.tendering_stage import Stage, seconds, staged

pytestmark = pytest.mark.slow

SERVED = frozenset({LotEvent.START_PUBLICITY, LotEvent.CANCEL, LotEvent.VOID, LotEvent.REOPEN_EVALUATION})
"""What only its own service does; as bare moves they are tried by those alone whom the table refuses."""
EVERYBODY = [CLOCK, *map(str, Role)]
BEGINNINGS = [state for state in UNDER_WAY if state is not LotState.PUBLICITY]
"""Later states are reached by moves, with what they need."""
REASON = "立项撤销，终止招标"


KINDS = ("live",) * 8 + ("move", "move", "tender", "wait", "award", "object", "answer", "publicity", "cancel", "direct", "extend", "stop")  # fmt: skip


@dataclass(frozen=True)
class Try:
    """What is tried, by whom; the numbers choose what the kind leaves open."""

    kind: str
    who: str
    role: Role
    number: int
    seconds: int
    yes: bool


tries = st.builds(
    Try,
    st.sampled_from(KINDS),
    st.sampled_from(EVERYBODY),
    st.sampled_from(sorted(Role)),
    st.integers(min_value=0, max_value=9999),
    st.integers(min_value=-60, max_value=60),
    st.booleans(),
)


class Life:
    """One published lot that begins in some state, and what everybody tries with it."""

    def __init__(self, stage: Stage, state: LotState) -> None:
        self.stage = stage
        self.people = self._people()
        self.code = self.stage.lots(self.stage.published(agency_uscc=self.stage.agency.uscc))[0]
        self.tender = self.code[:20]
        self.latest = self._lot().closes_at
        self.begun = state
        with stage.act():
            lifecycle.lot_of(self.code).state = state

    def _people(self) -> dict[str, Actor]:
        """Somebody of every role, each of an organization of its own."""
        stage = self.stage
        found = {
            str(next(iter(actor.roles))): actor for actor in stage.actors.values() if actor is not stage.other_owner
        }
        for role in set(Role) - {Role(name) for name in found}:
            found[str(role)] = replace(stage.other_owner, roles=frozenset({role}))
        return found

    def _lot(self) -> Lot:
        return self.stage.lot(self.code)

    def _try(self, act: Callable[[Lot, dt.datetime], object]) -> bool:
        """Whether it was done; a refusal leaves everything as it was."""
        try:
            with self.stage.act() as now:
                act(lifecycle.lot_of(self.code, lock=True), now)
        except Refusal:
            return False
        return True

    # what is tried -------------------------------------------------------------------------------------------

    def tried(self, one: Try) -> None:
        """Do it, then see that everything still holds."""
        events, tender_events = list(LotEvent), list(TenderEvent)
        match one.kind:
            case "live":
                self.live_on(one.number)
            case "move":
                self.move(events[one.number % len(events)], one.who)
            case "tender":
                self.move_tender(tender_events[one.number % len(tender_events)], one.role)
            case "wait":
                self.stage.now += seconds(abs(one.seconds) + 1)
            case "award":
                self.award(one.role, deemed=one.yes, bid=one.number % 3)
            case "object":
                self.object("objection" if one.yes else "query", "result" if one.number % 2 else "documents")
            case "answer":
                self.answer(one.number % 3 + 1, one.role)
            case _:
                self._authority(one)
        self.check()

    def _authority(self, one: Try) -> None:
        act = Act.VOID if one.number % 2 else Act.REOPEN
        match one.kind:
            case "publicity":
                self.publicity(one.role)
            case "cancel":
                self.cancel(one.role)
            case "direct":
                self.direct(act, one.role, again=one.yes)
            case "extend":
                self.extend(one.seconds, one.role)
            case "stop":
                self.suspend_or_resume(one.role, one.seconds, go_on=one.yes)

    def move(self, event: LotEvent, who: str) -> None:
        state = LotState(self._lot().state)
        found = next((move for move in MACHINE.moves_from(state) if move.event == event), None)
        lawful = found is not None and who in found.by
        if lawful and (event in SERVED or (event is LotEvent.AWARD and state is LotState.PUBLICITY)):
            return
        by = CLOCK if who == CLOCK else self.people[who]
        values = {"awarded_bid": on.BIDS[0].bid_id} if found is not None and found.now in DECIDED else {}
        done = self._try(lambda lot, now: lifecycle.move(lot, event, by, now, **values))  # type: ignore[arg-type]
        assert lawful or not done, (state, event, who)

    def live_on(self, number: int) -> None:
        """One of the moves that the table allows, so that lives go far; seldom what ends them or leads back."""
        open_ = MACHINE.moves_from(LotState(self._lot().state))
        back = ENDED | {LotState.COLLECTING}
        likely = [one for one in open_ if number % 7 == 3 or one.now not in back]
        if likely:
            found = likely[number // 7 % len(likely)]
            self._make(LotEvent(found.event), sorted(found.by)[number % len(found.by)])

    def _make(self, event: LotEvent, who: str) -> None:
        match event:
            case LotEvent.START_PUBLICITY:
                self.publicity(Role.OWNER)
            case LotEvent.CANCEL:
                self.cancel(Role.OWNER)
                self.cancel(Role.AGENCY)
            case LotEvent.VOID | LotEvent.REOPEN_EVALUATION:
                act = Act.VOID if event is LotEvent.VOID else Act.REOPEN
                self.direct(act, Role.SUP, again=False)
                self.direct(act, Role.INSP, again=True)
            case LotEvent.AWARD if self._lot().state == LotState.PUBLICITY:
                self.stage.now += seconds(120)
                self.award(Role.OWNER, deemed=who == CLOCK, bid=0)
            case _:
                self.move(event, who)

    def move_tender(self, event: TenderEvent, who: Role) -> None:
        """A published tender is only ever cancelled, and that through its service."""
        was = TenderState(self.stage.tender(self.tender).state)
        allowed = next((one for one in TENDERS.moves_from(was) if one.event == event), None)
        if allowed is None or who not in allowed.by:
            assert not self._try(lambda lot, now: lifecycle.move_tender(lot.tender, event, self.people[who], now))
        assert self.stage.tender(self.tender).state == was

    def publicity(self, who: Role) -> None:
        done = self._try(lambda lot, now: service.start_publicity(self.people[who], lot, on.BIDS, now))
        assert not done or who is Role.OWNER

    def award(self, who: Role, *, deemed: bool, bid: int) -> None:
        before = self._lot()
        if before.state != LotState.PUBLICITY:
            return

        def given(lot: Lot, now: dt.datetime) -> object:
            if deemed:
                return service.deemed_award(lot, now)
            item = service.award_statement(lot, on.BIDS[bid].bid_id)
            return service.award(self.people[who], lot, self.stage.signed(item), now)

        if self._try(given):
            assert before.publicity_until is not None
            assert before.publicity_until <= self.stage.now
            assert before.suspended_at is None
            assert self._waiting() == []

    def _waiting(self) -> list[int]:
        """The objections to the result that have no reply."""
        with self.stage.act(write=False):
            rows = objections.open_ones(lifecycle.lot_of(self.code))
            return [row.number for row in rows if row.suspends]

    def object(self, sort: str, subject: str) -> None:
        self._try(
            lambda _, now: objections.raise_objection(self.stage.bidder, self.code, on.statement(sort, subject), now)
        )

    def answer(self, number: int, who: Role) -> None:
        reply = objections.Reply(on.Effect.REJECTED, "条件来自项目规模，予以保留。")
        done = self._try(lambda _, now: objections.answer(self.people[who], self.code, number, reply, now))
        assert not done or who in (Role.OWNER, Role.AGENCY)

    def cancel(self, who: Role) -> None:
        done = self._try(lambda lot, now: service.cancel(self.people[who], lot.tender, REASON, now))
        assert not done or who in (Role.OWNER, Role.AGENCY, Role.MGR)

    def direct(self, act: Act, who: Role, *, again: bool) -> None:
        if again:
            done = self._try(lambda _, now: directives.second(self.people[who], self.code, act, now))
            assert not done or who in (Role.INSP, Role.MGR)
            return
        item = directives.statement(self.code, act, "评标委员会应当回避而未回避。", "条例第八十一条", self.stage.now)
        signed = Signed(item.raw, keys.sign(item.raw, self.stage.nodes["supervisor"].private))
        done = self._try(lambda _, now: directives.propose(self.people[who], self.code, signed, now))
        assert not done or who is Role.SUP

    def extend(self, later: int, who: Role) -> None:
        closes_at = self._lot().closes_at
        assert closes_at is not None
        item = statements.timetable(self.code, self._lot().keyset_sha256 or "", closes_at + seconds(later))
        done = self._try(lambda lot, now: service.extend_deadline(self.people[who], lot, self.stage.signed(item), now))
        assert not done or (later > 0 and who is Role.OWNER)

    def suspend_or_resume(self, who: Role, later: int, *, go_on: bool) -> None:
        key = self.stage.nodes["supervisor"].private if who is Role.SUP else self.stage.owner_key
        closes_at = self._lot().closes_at
        assert closes_at is not None
        item = (
            statements.resumed(self.code, self.stage.now, closes_at + seconds(later))
            if go_on
            else statements.suspended(self.code, self.stage.now, "order:1")
        )
        signed, act = Signed(item.raw, keys.sign(item.raw, key)), service.resume if go_on else service.suspend
        done = self._try(lambda lot, now: act(self.people[who], lot, signed, now))
        assert not done or who in (Role.OWNER, Role.SUP)

    # what must hold ------------------------------------------------------------------------------------------

    def check(self) -> None:
        lot, told, pairs = self._lot(), self._moves(), self._seconded()
        self._check_told(lot, told)
        assert all(one.was not in ENDED or one.event == LotEvent.RETENDER for one in told), "what has ended stays ended"
        assert lot.closes_at is not None
        assert self.latest is not None
        assert lot.closes_at >= self.latest, "a deadline never moves earlier"
        self.latest = lot.closes_at
        self._check_two(told, pairs)

    def _moves(self) -> list[facts.StateChanged]:
        """The moves that the log tells of, since the publication."""
        found = [one for one in self.stage.facts("state.changed") if isinstance(one, facts.StateChanged)]
        return [one for one in found if one.lot == self.code and one.event != LotEvent.PUBLISH]

    def _check_told(self, lot: Lot, told: list[facts.StateChanged]) -> None:
        """A state never changes without its fact in the log, nor by anybody whom the table does not name."""
        chain = [str(self.begun), *(one.now for one in told)]
        assert [one.was for one in told] == chain[:-1]
        assert lot.state == chain[-1]
        for one in told:
            found = MACHINE.move(LotState(one.was), one.event, one.role)
            assert (found.now, found.law) == (one.now, one.law)
            assert one.event != LotEvent.CLOSE or one.role == CLOCK
            assert one.role not in (Role.SUP, Role.INSP) or one.event in (LotEvent.VOID, LotEvent.REOPEN_EVALUATION)

    def _check_two(self, told: list[facts.StateChanged], pairs: list[tuple[Approval, Approval]]) -> None:
        """What takes two was done by two persons of two organizations."""
        for seconded, first in pairs:
            assert seconded.organization_id != first.organization_id
            assert seconded.person_id != first.person_id
        done = {first.act.partition(".")[0] for _, first in pairs}
        events = {LotEvent.CANCEL: "cancel", LotEvent.VOID: "void", LotEvent.REOPEN_EVALUATION: "reopen"}
        assert {events[LotEvent(one.event)] for one in told if one.event in events} <= done

    def _seconded(self) -> list[tuple[Approval, Approval]]:
        with self.stage.act(write=False):
            rows = {row.id: row for row in db.session.scalars(select(Approval))}
        return [(row, rows[row.seconds]) for row in rows.values() if row.seconds is not None]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(BEGINNINGS), st.lists(tries, min_size=20, max_size=24))
def test_t01_t30_no_order_of_moves_by_anybody_breaks_an_invariant(state: LotState, attempts: list[Try]) -> None:
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        life = Life(stage, state)
        for one in attempts:
            life.tried(one)
