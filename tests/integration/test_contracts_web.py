"""The pages from the award to the archive through the portal itself: owner's steps, own outcome, report, tender page."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from flask import g, request

from kernel import canonical, clock, keys
from kernel.settings import load
from kernel.site import site
from portal.app import create_app
from portal.assets import DIST
from tendering import lifecycle
from tendering.contracts import messages, papers, reporting
from tests import contract_stage as acts
from tests.evaluation_stage import evaluation_staged
from tests.evaluation_web import checked

pytestmark = pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the client is not built")
KEPT = os.environ.get("KAIBIAO_KEEP_PAGES")


@pytest.fixture
def portal(tmp_path):
    """A stage, and requests to the portal as somebody of it."""
    with evaluation_staged(tmp_path) as stage:
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

        client = app.test_client()

        def ask(path, who=None, language="zh", **sent):
            headers = {"X-Test-Actor": who} if who else {}
            with clock.at(stage.stage.now):
                if sent:
                    page = client.get(f"/tenders/{stage.lot[:20]}", headers=headers).text
                    sent["data"]["csrf_token"] = page.partition('name="csrf-token" content="')[2].partition('"')[0]
                    return client.post(path, headers=headers, **sent)
                return client.get(f"{path}?lang={language}", headers=headers)

        yield stage, ask


def shown(answer, name=""):
    assert answer.status_code == 200, answer.text[:500]
    if KEPT and name:
        (Path(KEPT) / f"{name}.html").write_text(answer.text)
    return checked(answer.text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c53_g38_the_own_outcome_is_shown_to_its_bidder_and_nobody_else(portal, language):
    stage, ask = portal
    acts.awarded(stage)
    path = f"/desk/{stage.lot}/outcome"
    text = shown(ask(path, "bidder", language), f"outcome-{language}")
    assert stage.actor("bidder2").organization in text
    assert stage.actor("bidder3").organization not in text
    assert ask(path, "expert1", language).status_code == 404
    assert ask(path, None, language).status_code in (302, 303, 401, 403)
    with stage.act(write=False):
        assert messages.own(stage.actor("bidder"), stage.lot)[0].read_at is not None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_c54_c55_the_owners_page_shows_periods_with_their_law_and_what_is_to_be_signed(portal, language):
    stage, ask = portal
    acts.awarded(stage)
    text = shown(ask(f"/owner/lots/{stage.lot}/contract", "owner", language), f"owner-{language}")
    assert "data-countdown" in text
    assert "C54" in text
    assert "data-sign" in text
    assert ask(f"/owner/lots/{stage.lot}/contract", "bidder", language).status_code == 403


def test_c55_a_contract_that_differs_comes_back_with_the_difference_in_words(portal):
    stage, ask = portal
    acts.awarded(stage)
    sent = {**acts.TERMS, "price": "19500000", "file": (io.BytesIO(acts.PDF), "合同.pdf")}
    answer = ask(f"/owner/lots/{stage.lot}/contract/upload", "owner", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "500,000.00" in checked(answer.text)
    assert "S24" in answer.text


def test_c55_g39_uploaded_in_a_form_confirmed_by_the_winner_and_then_on_the_tender_page(portal):
    stage, ask = portal
    acts.awarded(stage)
    sent = {**acts.TERMS, "file": (io.BytesIO(acts.PDF), "合同.pdf")}
    answer = ask(f"/owner/lots/{stage.lot}/contract/upload", "owner", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text[:800]
    assert "data-sign" in shown(ask(f"/desk/{stage.lot}/outcome", "bidder2"), "outcome-winner")
    with stage.act(write=False):
        raw = papers.needed(lifecycle.lot_of(stage.lot), papers.CONTRACT).file
    key, cert = acts.winner_key(stage)
    given = {"statement": keys.b64(raw), "signature": keys.b64(keys.sign(raw, key)), "cert": keys.b64(cert)}
    assert ask(f"/desk/{stage.lot}/outcome", "bidder2", data=given).status_code == 303
    shown(ask(f"/owner/lots/{stage.lot}/contract", "owner"), "owner-to-sign")
    own = {"statement": keys.b64(raw), "signature": keys.b64(acts.signed(stage, raw).sig)}
    assert ask(f"/owner/lots/{stage.lot}/contract/sign", "owner", data=own).status_code == 303
    tender = shown(ask(f"/tenders/{stage.lot[:20]}"), "tender")
    assert canonical.sha(acts.PDF) in tender
    assert "19,000,000.00" in tender
    after = shown(ask(f"/owner/lots/{stage.lot}/contract", "owner"), "owner-contracted")
    assert "contract/report" in after, "a report may still be handed in, if late"


def test_c54_the_report_is_for_the_owner_and_the_authority(portal):
    stage, ask = portal
    acts.awarded(stage)
    with stage.act(write=False):
        raw = reporting.statement(lifecycle.lot_of(stage.lot)).raw
    own = {"statement": keys.b64(raw), "signature": keys.b64(acts.signed(stage, raw).sig)}
    assert ask(f"/owner/lots/{stage.lot}/contract/report", "owner", data=own).status_code == 303
    assert "20,000,000.00" in shown(ask(f"/lots/{stage.lot}/report", "supervising"), "report")
    assert ask(f"/lots/{stage.lot}/report", "bidder").status_code == 403


def test_c55_a_contract_not_yet_signed_is_for_its_parties_alone(portal):
    stage, ask = portal
    acts.awarded(stage)
    acts.uploaded(stage)
    path = f"/lots/{stage.lot}/papers/{canonical.sha(acts.PDF)}"
    assert ask(path, "bidder2").data == acts.PDF
    assert ask(path, "bidder").status_code == 404
    assert ask(path).status_code == 404


def test_m10_the_publicity_says_what_each_candidate_offered_beside_the_price(portal):
    stage, ask = portal
    tender = f"/tenders/{stage.lot[:20]}"
    assert "候选人响应情况" not in shown(ask(tender))
    acts.awarded(stage)
    text = shown(ask(tender)).partition("候选人响应情况")[2].partition("</table>")[0]
    assert text.count('data-label="工期（日）">180<') == len(stage.stage.lot(stage.lot).ranking)
    assert "How the candidates responded" in shown(ask(tender, language="en"))


def test_t24_the_winner_is_dropped_in_a_form_with_its_ground(portal):
    stage, ask = portal
    acts.awarded(stage)
    sent = {"ground": "gave_up", "reason": "书面放弃中标"}
    assert ask(f"/owner/lots/{stage.lot}/contract/next", "owner", data=sent).status_code == 303
    assert stage.state() == "publicity"
    assert "award" in shown(ask(f"/owner/lots/{stage.lot}/contract", "owner"), "owner-next")


def test_an_archive_that_is_not_sealed_yet_is_not_found(portal):
    stage, ask = portal
    assert ask(f"/lots/{stage.lot}/archive").status_code == 404
