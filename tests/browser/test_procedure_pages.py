"""The pages of the procedure around the sealed tender, in Chromium: access rules, a phone's width, both languages.

The real application is served to the browser here, over tenders that the stage brings to the state a page is about; the log's
nodes are played by the stage, so that no fleet has to start.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import scenes
from inspection import Inspector, words_of_people
from playwright.sync_api import Browser
from scenes import Scene

sys.path.insert(0, str(Path(__file__).parents[1]))
import invitation_stage
import objection_stage as on
from tendering_stage import seconds

from kernel import keys
from kernel.clock import rfc3339
from kernel.statements import Signed
from oversight import directives, making
from oversight import service as oversight
from oversight.rules import Matter
from portal.assets import DIST
from tendering import service
from tendering.approvals import Act
from tendering.codes import Trade
from tendering.filing import departments
from tendering.objections import service as objections
from tendering.states import LotEvent

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the client is not built"),
]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Scene]:
    with scenes.opened(tmp_path_factory.mktemp("procedure"), chromium) as found:
        yield found


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    found = Inspector(words_of_people(*scenes.SAID))
    yield found
    assert found.findings == []


def _lot(scene: Scene, **changes: object) -> str:
    """A lot that collects long enough for its pages to be looked at."""
    stage = scene.stage
    closes_at = rfc3339(stage.now + seconds(600))
    lots = [{"name": "第一标段", "ceiling": "21846300.00", "closes_at": closes_at, "method": on.method()}]
    return stage.one_lot(lots=lots, agency_uscc=stage.agency.uscc, **changes)


def test_drafting_filing_and_the_timeline(scene: Scene, inspector: Inspector) -> None:
    stage = scene.stage
    with stage.act() as now:
        terms = departments.Terms(Trade.CONSTRUCTION, stage.supervising.uscc, 3, approves=False, basis="")
        departments.name(stage.manager, terms, now)
    drafted = stage.draft()
    filed = stage.ready()
    own = [f"/owner/tenders/{drafted}", f"/owner/tenders/{drafted}/timeline", f"/owner/tenders/{filed}"]
    scene.look(inspector, stage.owner, *own, "/owner/tenders/new")
    scene.look(inspector, stage.supervising, "/filings", "/oversight")
    scene.look(inspector, stage.manager, "/admin/departments", "/filings", "/approvals")
    scene.look(inspector, None, "/intents", "/fields", "/law", "/law/cn.construction.open.2026", "/single-sources")


def test_questions_objections_complaints_and_who_may_do_what(scene: Scene, inspector: Inspector) -> None:
    stage, lot = scene.stage, _lot(scene)
    code = lot[:20]
    with stage.act() as now:
        service.ask(stage.bidder, service.tender_of(code), "提问之文？", now)
    for _ in range(2):
        with stage.act() as now:
            said = objections.Statement("objection", "documents", "异议之文。", "异议之求。")
            token = objections.raise_objection(stage.bidder, lot, said, now).token
    with stage.act() as now:
        objections.answer(stage.owner, lot, 1, objections.Reply(on.Effect.REJECTED, "答异之文。"), now)
    with stage.act() as now:
        made = making.Statement(Matter.OBJECTION, 1, now, "投诉之文。", "投诉之求。")
        complaint = making.make(stage.bidder, lot, made, now).token
        oversight.accept(stage.supervising, lot, 1, now)
    public = [f"/tenders/{code}", f"/tenders/{code}/objections", f"/tenders/{code}/powers", f"/complaints/of/{code}"]
    scene.look(inspector, None, *public)
    mine = [f"/objections/{token}", "/objections", f"/complaints/{complaint}", "/complaints"]
    scene.look(inspector, stage.bidder, f"/lots/{lot}/objections/new", f"/lots/{lot}/complaints/new", *mine)
    own = [f"/owner/tenders/{code}", f"/owner/tenders/{code}/objections", f"/tenders/{code}/powers"]
    scene.look(inspector, stage.owner, *own)
    scene.look(inspector, stage.supervising, "/oversight", f"/oversight/complaints/{lot}/1")


def test_directives_approvals_and_a_failed_lot(scene: Scene, inspector: Inspector) -> None:
    stage, lot = scene.stage, _lot(scene)
    with stage.act() as now:
        service.cancel(stage.owner, service.tender_of(lot[:20]), "立项撤销，终止招标", now)
    item = directives.statement(lot, Act.VOID, "指令之由与理由。", "《招标投标法实施条例》第八十一条", stage.now)
    signed = Signed(item.raw, keys.sign(item.raw, stage.nodes["supervisor"].private))
    scene.look(inspector, stage.supervising, f"/lots/{lot}/directives")
    with stage.act() as now:
        directives.propose(stage.supervising, lot, signed, now)
    scene.look(inspector, stage.manager, f"/lots/{lot}/directives", "/approvals", f"/tenders/{lot[:20]}")
    with stage.act() as now:
        directives.second(stage.manager, lot, Act.VOID, now)
    scene.look(inspector, None, f"/lots/{lot}/directives")
    failed = _lot(scene)
    on.moved(stage, failed, LotEvent.CLOSE, LotEvent.TOO_FEW)
    scene.look(inspector, stage.owner, f"/owner/lots/{failed}/next", f"/tenders/{failed[:20]}")


def test_award_steps_and_the_contract(scene: Scene, inspector: Inspector) -> None:
    stage, lot = scene.stage, _lot(scene)
    on.in_publicity(stage, lot)
    scene.look(inspector, stage.owner, f"/tenders/{lot[:20]}", f"/owner/tenders/{lot[:20]}")
    stage.now += seconds(600)
    on.award(stage, lot)
    scene.look(
        inspector, stage.owner, f"/owner/lots/{lot}/contract", f"/tenders/{lot[:20]}", f"/tenders/{lot[:20]}/powers"
    )


def test_invitations_and_single_sources(scene: Scene, inspector: Inspector) -> None:
    stage = scene.stage
    for name in "abc":
        stage.bidder_of(name)
    invited, source = invitation_stage.construction(stage), invitation_stage.single(stage)
    invitation_stage.put(stage, invited, invitation_stage.named(stage, "abc", invitation_stage.Ground.OWN))
    invitation_stage.invite(stage, source, "a", invitation_stage.Ground.SOURCE)
    invitation_stage.publicize(stage, source)
    scene.look(inspector, stage.owner, f"/owner/tenders/{invited}", f"/owner/tenders/{source}")
    scene.look(inspector, stage.bidders["a"].actor, "/invitations", "/single-sources")
