"""Evaluation's pages in the portal itself, in both languages, and its result on the tender's page."""

from __future__ import annotations

import contextlib
import threading

import httpx
import pytest
from flask import g, request
from werkzeug.serving import make_server

from evaluation import evaluator, steps
from evaluation.room.portal import HttpPortal, UnreachableError
from evaluation.room.serving import server
from kernel import keys
from kernel.settings import load
from kernel.site import site
from portal.app import create_app
from portal.assets import DIST
from tests.evaluation_stage import evaluation_staged
from tests.log_stage import ENGINES

pytestmark = pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the client is not built")


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


@pytest.fixture
def asked(engine, tmp_path):
    """Ask the portal for a page as somebody of the stage."""
    with evaluation_staged(tmp_path, engine=engine) as stage:
        settings = {
            "KAIBIAO_VAR": str(tmp_path),
            "KAIBIAO_DATABASE": site().settings.database,
            "KAIBIAO_ORIGIN": stage.stage.origin,
        }
        app = create_app(load(settings))

        @app.before_request
        def _enter() -> None:
            name = request.headers.get("X-Test-Actor")
            if name:
                g.actor = stage.stage.actors[name]

        stage.app = app
        client = app.test_client()

        def get(path, who=None, language="zh"):
            headers = {"X-Test-Actor": who} if who else {}
            return client.get(f"{path}?lang={language}", headers=headers)

        yield stage, get


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_served_in_both_languages(asked, language):
    stage, get = asked
    stage.scored()
    pages = [
        (None, f"/lots/{stage.lot}/result"),
        (None, f"/tenders/{stage.lot[:20]}"),
        ("expert1", "/evaluate"),
        ("expert1", f"/evaluate/{stage.lot}"),
        ("operator", "/ops/committees"),
        ("operator", f"/ops/committees/{stage.lot}"),
        ("owner", f"/owner/lots/{stage.lot}/award"),
    ]
    for who, path in pages:
        answer = get(path, who, language)
        assert answer.status_code == 200, (path, answer.text)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_tender_page_shows_the_result_once_there_is_one(asked):
    stage, get = asked
    path = f"/tenders/{stage.lot[:20]}"
    assert f'id="result-{stage.lot}"' not in get(path).text
    stage.scored()
    shown = get(path).text
    assert f'id="result-{stage.lot}"' in shown
    assert "19,000,000.00" in shown


def test_the_centre_is_led_to_its_own_desk(asked):
    _, get = asked
    answer = get("/evaluate", "operator")
    assert (answer.status_code, answer.location) == (303, "/ops/committees")


def test_a_refusal_is_a_page_that_says_why(asked):
    stage, get = asked
    assert get(f"/evaluate/{stage.lot}", "owner").status_code == 403
    assert get(f"/evaluate/{stage.lot}").status_code == 401
    assert get("/evaluate/E0000000000000000000000", "expert1").status_code == 404


def test_the_evaluator_process_opens_and_serves_over_real_sockets(asked):
    """Portal and rooms on loopback, the evaluator's own HTTP client between them, a ticket from the API."""
    stage, _ = asked
    stage.admitted()
    stage.released()
    with _listening(make_server("127.0.0.1", 0, stage.app, threaded=True)) as portal:
        found = evaluator.open_evaluator(stage.folder / "evaluator", f"http://127.0.0.1:{portal}")
        assert found.poll() == 3
        assert found.poll() == 0
        stage.step(steps.step_begin_scoring)
        with _listening(server(found.rooms, "127.0.0.1", 0)) as rooms:
            bid_id = stage.bid_ids["bidder"]
            asking = {"bid_id": bid_id, "path": "bidder 施工组织设计.pdf"}
            answer = httpx.post(
                f"http://127.0.0.1:{portal}/api/v1/lots/{stage.lot}/tickets",
                json=asking,
                headers={"X-Test-Actor": "expert1"},
            )
            path = answer.json()["url"].partition("/rooms/")[2]
            document = httpx.get(f"http://127.0.0.1:{rooms}/rooms/{path}")
    assert (document.status_code, document.content) == (200, b"%PDF-1.7 " + b"bidder" * 1000)


def test_the_evaluator_says_what_the_portal_refused(asked):
    stage, _ = asked
    with _listening(make_server("127.0.0.1", 0, stage.app, threaded=True)) as portal:
        stranger = HttpPortal(f"http://127.0.0.1:{portal}", keys.generate())
        with pytest.raises(UnreachableError, match="403"):
            stranger.get("/work")
        with pytest.raises(UnreachableError, match="403"):
            stranger.save(f"/lots/{stage.lot}/ciphertexts/{'0' * 64}", stage.folder / "x", 5)
    with pytest.raises(UnreachableError):
        stranger.get("/work")


@contextlib.contextmanager
def _listening(found):
    threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield found.server_port
    finally:
        found.shutdown()
        found.server_close()
