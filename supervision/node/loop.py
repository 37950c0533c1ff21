"""What a node does all day: fetch mail, take it up, look after its lots, post its answers.

Four threads share the state: one holds the long poll, one works, one posts, one looks at the peers. Each does what it finds undone, so a
start after a crash needs nothing else.
"""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel import clock, keys
from supervision.node.alerts import Finding
from supervision.node.clock import ClockError
from supervision.node.inbox import Handler
from supervision.node.node import Node
from supervision.node.sharing import Sharing
from supervision.node.transport import UnreachableError
from supervision.node.trustee import Later, MailError
from supervision.note import Note

LONG_POLL_S = 20
WORK_EVERY_S, POST_EVERY_S = 1 / 4, 1 / 10  # of a second, for Event.wait
PEERS_EVERY_S = 2
PULL_EVERY_S = 5
HEARTBEAT_S = 30
SILENCE_S = 180
"""Three of the log's heartbeats."""
OVER = "over"


@dataclass
class Loop:
    """The worker's side of `node`; `step` is one round and may be called by hand."""

    node: Node
    stopped: threading.Event = field(default_factory=threading.Event)
    exit_code: int = 0
    _heartbeat_at: float = 0
    _pull_at: float = 0

    @property
    def handlers(self) -> Mapping[str, Handler]:
        node = self.node
        return {
            "checkpoint": self._checkpoint,
            "trustee.request": node.trustee.enter,
            "keyset.sign": node.trustee.sign_keyset,
            "manifest": node.trustee.acknowledge,
            "roll": node.rolls.take,
            "record.sign": node.countersigning.sign_record,
        }

    def step(self) -> bool:
        """Everything that is due now; whether anything was done."""
        settled = self.node.inbox.work(self.handlers)
        self._heartbeat()
        self._listen()
        try:
            self.node.clock.remember()
        except ClockError as error:
            self.node.alerts.add(Finding("clock.step", "yellow", "timeliness", {"why": str(error)}))
            return settled > 0
        self.node.alerts.end("clock.step")
        return self._tend() or settled > 0

    def post(self) -> int:
        """Post what is due; how many answers were taken."""
        address = f"{self.node.addresses.portal.rstrip('/')}/api/v1/nodes/{self.node.name}/answers"
        return self.node.outgoing.flush(self.node.transport, address)

    def run(self) -> list[threading.Thread]:
        """Start the threads; `stopped` ends them."""
        self.node.outgoing.hurry()
        rounds: list[tuple[str, Callable[[], object], float]] = [
            ("receive", self._receive, 0),
            ("work", self.step, WORK_EVERY_S),
            ("post", self.post, POST_EVERY_S),
            ("look", self.look_around, PEERS_EVERY_S),
        ]
        threads = [threading.Thread(target=self._repeat, args=row[1:], name=row[0], daemon=True) for row in rounds]
        for thread in threads:
            thread.start()
        return threads

    def _repeat(self, act: Callable[[], object], pause: float) -> None:
        """Until stopped. An error nobody expected ends the program: whoever keeps it running starts it again."""
        try:
            while not self.stopped.is_set():
                act()
                self.stopped.wait(pause)
        except Exception:  # noqa: BLE001  whatever it is, it is printed and ends the program
            if not self.stopped.is_set():
                self.exit_code = 1
                traceback.print_exc()
            self.stopped.set()

    def _receive(self) -> None:
        try:
            self.node.inbox.fetch(LONG_POLL_S)
        except UnreachableError:
            self.stopped.wait(1)

    def _checkpoint(self, body: Mapping[str, Any]) -> None:
        """`checkpoint`: as text or in base64; Later while its entries are not served."""
        text = body.get("note")
        if not isinstance(text, str):
            raise MailError("the message has no note")
        note = Note.parse(text.encode() if "\n" in text else keys.unb64(text))
        reply = self.node.witness.offer(note)
        if reply.status == 503:
            raise Later(reply.body.decode())

    def look_around(self) -> None:
        """What peers and log show now: their cosignatures, whether it is the log we see; and what is due to or from them."""
        for note in self.node.peers.latest():
            self.node.witness.notice(note)
        sharing = Sharing(self.node)
        sharing.push()
        if clock.monotonic() >= self._pull_at:
            self._pull_at = clock.monotonic() + PULL_EVERY_S
            sharing.pull()

    def _heartbeat(self) -> None:
        if clock.monotonic() < self._heartbeat_at:
            return
        self._heartbeat_at = clock.monotonic() + HEARTBEAT_S
        at = clock.rfc3339(self.node.clock.read())
        self.node.outgoing.put(f"heartbeat/{at}", "heartbeat", {"at": at})

    def _listen(self) -> None:
        """A log that stands still is told apart from a quiet one by its heartbeat."""
        witness = self.node.witness
        if not witness.halted and clock.monotonic() - witness.signed_at > SILENCE_S:
            evidence = {"since": self.node.mirror.head().time}
            self.node.alerts.add(Finding("log.silent", "yellow", "timeliness", evidence))

    def _tend(self) -> bool:
        done = False
        self._watch()
        for lot in self.node.lots.codes():
            if self.node.state.setting(f"{OVER}/{lot}") is None:
                done |= self._tend_lot(lot)
        return done

    def _watch(self) -> None:
        """Who is late with a reply or a decision; a step of the clock is told by `step`."""
        with contextlib.suppress(ClockError):
            self.node.waiting.step()

    def _tend_lot(self, lot: str) -> bool:
        try:
            done = self.node.closing.step(lot) or self.node.releasing.step(lot)
        except ClockError:
            return False  # `step` has raised the alert
        except (KeyError, ValueError, TypeError, IndexError, RecursionError) as error:
            # One lot that cannot be served (an identity lost, a roll that breaks a reader) must not stop the others.
            evidence = {"lot": lot, "why": f"{type(error).__name__}: {error}"}
            self.node.alerts.add(Finding("lot.unserved", "yellow", "process", evidence, lot))
            return False
        if not done and self._is_over(lot):
            self.node.state.set(f"{OVER}/{lot}", "1")
        return done

    def _is_over(self, lot: str) -> bool:
        """Nothing more to do: every stage identity is destroyed."""
        terms = self.node.lots.view(lot).terms
        if terms is None:
            return False
        own = self.node.statements.own
        return all(own(lot, f"destroyed/{stage.name}", 0) is not None for stage in terms.keyset.stages)
