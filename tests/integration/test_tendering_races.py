"""Two at once: codes, answers of nodes, publishing, awarding; on SQLite and, where there is a server, on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import current_app

from kernel import site as sites
from kernel.errors import Refusal
from kernel.site import site
from tendering import service
from tendering.states import CLOCK, LotEvent, LotState
from tests.tendering_stage import NODES, Stage, notice, on_each_engine


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        yield found


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run each act in a thread of its own, all starting together; what each returned or refused with."""
    app, here, gate = current_app._get_current_object(), site(), threading.Barrier(len(acts))  # type: ignore[attr-defined]
    found: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        with app.app_context(), sites.used(here):
            gate.wait()
            try:
                found[place] = act()
            except Refusal as refusal:
                found[place] = refusal

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_drafts_made_at_once_get_codes_without_gaps_or_doubles(stage: Stage) -> None:
    def draft() -> str:
        with stage.act() as now:
            return service.create_draft(stage.owner, notice(), now).code

    codes = at_once([draft] * 8)
    assert sorted(codes) == [f"E990101{n:010d}001" for n in range(1, 9)]


def test_nodes_answering_at_once_complete_the_keyset(stage: Stage) -> None:
    code = stage.draft()
    stage.request_keys(code)
    (lot,) = stage.lots(code)
    refused = at_once([lambda node=node: stage.answer(node, lot) for node in NODES])
    assert refused == [None] * 4
    assert stage.lot(lot).keyset is not None
    assert len(stage.mail("keyset.sign")) == 1


def test_a_notice_published_twice_at_once_is_published_once(stage: Stage) -> None:
    code = stage.ready()
    signatures = stage.sign(code)

    def publish() -> None:
        with stage.act() as now:
            service.publish(stage.owner, service.tender_of(code), signatures, stage.cert, now)

    answers = at_once([publish] * 3)
    assert sum(answer is None for answer in answers) == 1
    assert len(stage.facts("notice.published")) == len(stage.facts("keyset")) == 1


def test_of_moves_made_at_once_one_happens(stage: Stage) -> None:
    (lot,) = stage.lots(stage.published())

    def close() -> None:
        with stage.act() as now:
            service.move(service.lot_of(lot), LotEvent.CLOSE, CLOCK, now)

    answers = at_once([close] * 4)
    assert sum(answer is None for answer in answers) == 1
    assert stage.lot(lot).state == LotState.SEALED
    assert len(stage.facts("state.changed")) == 2
