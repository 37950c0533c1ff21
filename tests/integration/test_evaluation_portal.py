"""Evaluation's pages in the portal itself, in both languages, and its result on the tender's page."""

from __future__ import annotations

import pytest
from flask import g, request

from kernel.settings import load
from portal.app import create_app
from portal.assets import DIST
from tests.evaluation_stage import evaluation_staged

pytestmark = pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the client is not built")


@pytest.fixture
def asked(tmp_path):
    """Ask the portal for a page as somebody of the stage."""
    with evaluation_staged(tmp_path) as stage:
        settings = {
            "KAIBIAO_VAR": str(tmp_path),
            "KAIBIAO_DATABASE": f"sqlite:///{tmp_path / 'kaibiao.sqlite'}",
            "KAIBIAO_ORIGIN": stage.stage.origin,
        }
        app = create_app(load(settings))

        @app.before_request
        def _enter() -> None:
            name = request.headers.get("X-Test-Actor")
            if name:
                g.actor = stage.stage.actors[name]

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
