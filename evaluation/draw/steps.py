"""The draw by the clock: as soon as a quorum has cosigned the log over a fixed list, its root says who sits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from evaluation import reading as committees
from evaluation import seating
from evaluation.draw import taking
from evaluation.draw.models import ExpertDraw
from kernel import keys
from kernel.db import db, transaction
from supervision import draw, log
from supervision.checkpoints import Cosigned, quorum_checkpoint_over
from supervision.draw_facts import ExpertsDrawn
from tendering import lifecycle


def step_expert_draws(now: dt.datetime) -> bool:
    """Draw from every fixed list that waits for it and can be drawn from; whether there was one."""
    with transaction(write=False):
        waiting = list(db.session.scalars(select(ExpertDraw.id).where(ExpertDraw.seed.is_(None))))
    return any([_draw(one, now) for one in waiting])  # noqa: C419  each of them is drawn


def _draw(number: int, now: dt.datetime) -> bool:
    with transaction():
        lot = lifecycle.lot_of(db.session.get_one(ExpertDraw, number).lot, lock=True)
        found = db.session.get_one(ExpertDraw, number, populate_existing=True)
        head = quorum_checkpoint_over(found.fact_id)
        if head is None or found.seed is not None:
            return False
        _drawn(found, head)
        if not committees.seats(lot.code) and lot.state in seating.FORMING:
            taking.take_seats(lot, now)
    return True


def _drawn(found: ExpertDraw, head: Cosigned) -> None:
    found.size, found.seed = head.checkpoint.size, draw.seed(head.checkpoint.root, found.sha256)
    rows = {one.reference: one for one in found.rows}
    order = draw.drawn(list(rows), len(rows), found.seed)
    for position, reference in enumerate(order, 1):
        rows[reference].position = position
    db.session.flush()
    fact = ExpertsDrawn(
        lot=found.lot,
        number=found.number,
        list_sha256=found.sha256,
        size=found.size,
        root=keys.b64(head.checkpoint.root),
        seed=found.seed,
        drawn=order[: found.seats],
    )
    log.append(fact, lot=found.lot)
