"""The worker: everything that is due. One loop, one table of steps; each step is idempotent and commits on its own."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import threading
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import select

from bidding import publication, voiding
from bidding import steps as bidding_steps
from escrow import steps as escrow_steps
from evaluation import highest
from evaluation import steps as evaluation_steps
from evaluation.draw import steps as draw_steps
from evaluation.negotiation import carrying
from kernel import clock, outbox, settings
from kernel import site as installation
from kernel.db import db
from livestream import feed
from livestream.recording import steps as recording_steps
from oversight import steps as oversight_steps
from portal import archiving, idempotency
from portal.app import Platform, create_app
from supervision import mail
from supervision import steps as supervision_steps
from tendering import publishing as tendering_publishing
from tendering import steps as tendering_steps
from tendering.contracts import steps as contract_steps
from tendering.filing import reviews as filing_reviews
from tendering.invitations import steps as invitation_steps
from tendering.models import Lot
from tendering.objections import steps as objection_steps
from tendering.offers import steps as offer_steps
from tendering.prequal import steps as prequal_steps
from tendering.states import LotState

Step = Callable[[dt.datetime], bool]

IDLE_S = 0.2
LEAD_EVERY_S = 60.0

OUTGOING: dict[str, outbox.Handler] = {
    **mail.handlers,
    **publication.handlers,
    **voiding.handlers,
    **tendering_publishing.handlers,
    feed.KIND: feed.deliver,
}

_log = structlog.get_logger()


def collecting(_now: dt.datetime) -> list[tuple[str, dt.datetime]]:
    """The lots that accept bids or applications: while there are any, the log shows a fixed number of sealed entries a slot."""
    bids = select(Lot.code, Lot.closes_at).where(Lot.state.in_([LotState.COLLECTING, LotState.LISTING]))
    applications = select(Lot.code, Lot.applications_due).where(Lot.state == LotState.PREQUAL)
    rows = [*db.session.execute(bids), *db.session.execute(applications)]
    return [(code, closes_at) for code, closes_at in rows if closes_at is not None]


def announce(note: bytes) -> None:
    mail.post(None, "checkpoint", {"note": note.decode()})


def steps() -> list[tuple[str, Step]]:
    """What a worker does, in this order, many times a second."""
    return [
        ("log", supervision_steps.log_step(collecting, announce)),
        *((step.__name__, step) for step in bidding_steps.STEPS),
        ("prequalifications", prequal_steps.step_prequal),
        ("objections", objection_steps.step_objections),
        ("complaints", oversight_steps.step_complaints),
        ("publicity", tendering_steps.step_publicity),
        ("filings", filing_reviews.step_reviews),
        ("draws", invitation_steps.step_draws),
        ("experts", draw_steps.step_expert_draws),
        ("listings", offer_steps.step_listings),
        ("contests", highest.step_contests),
        ("scoring", evaluation_steps.step_begin_scoring),
        ("carrying", carrying.step_carry),
        ("clarifications", evaluation_steps.step_clarifications),
        ("results", evaluation_steps.step_results),
        ("disclosures", evaluation_steps.step_disclosures),
        ("times", evaluation_steps.step_times),
        ("outcomes", evaluation_steps.step_outcomes),
        ("lateness", contract_steps.step_lateness),
        *((step.__name__, step) for step in escrow_steps.STEPS),
        ("files", evaluation_steps.step_files),
        ("recordings", recording_steps.step_recordings),
        ("archives", archiving.step_archives),
        ("outbox", lambda now: outbox.deliver(OUTGOING, now)),
    ]


def run(app: Platform, stop: threading.Event) -> None:
    """Work until told to stop. A failing step is logged and does not hold up the others; it runs again next round."""
    table, forgot = steps(), clock.monotonic()
    while not stop.is_set():
        if not any([_one(app, name, step) for name, step in table]):  # noqa: C419  every step runs in every round
            stop.wait(IDLE_S)
        if clock.monotonic() - forgot > LEAD_EVERY_S:
            forgot = clock.monotonic()
            _one(app, "forget", idempotency.step_forget)


def _one(app: Platform, name: str, step: Step) -> bool:
    now = clock.wall()
    try:
        with app.app_context(), installation.used(app.site), clock.at(now):
            return step(now)
    except Exception:  # noqa: BLE001  one broken step must not stop deadlines elsewhere
        _log.exception("worker.failed", step=name)
        return False


def main(argv: Sequence[str]) -> int:
    """Do what is due until interrupted."""
    argparse.ArgumentParser(prog="kaibiao worker", description=main.__doc__).parse_args(argv)
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    run(create_app(settings.load(os.environ)), stop)
    return 0
