"""A procedure by invitation: the list, the draw, the door, the answer, the single source; on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from kernel import canonical, clock, keys
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from supervision import draw
from supervision.models import LogCheckpoint, LogFact
from tendering import documents
from tendering import service as tendering
from tendering.invitations import service, showing, source, steps
from tendering.invitations.door import is_invited
from tendering.invitations.models import Invitation
from tendering.invitations.rules import Ground, List, Listed
from tendering.invitations.source import Findings
from tendering.states import LotState
from tests.bidding_stage import BiddingStage, staged
from tests.integration.test_bidding_race import together
from tests.invitation_stage import (
    construction,
    draws,
    fix,
    inquiry,
    invitation,
    invite,
    listed,
    named,
    out,
    publicize,
    put,
    single,
)
from tests.log_stage import ENGINES
from tests.tendering_stage import seconds

THREE = ("甲", "乙", "丙")
SIX = ("甲", "乙", "丙", "丁", "戊", "己")


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with staged(tmp_path, request.param) as found:
        yield found


def asked(stage: BiddingStage, code: str, name: str, text: str = "请问交货地点在哪里？") -> None:
    actor = stage.bidder_of(name).actor
    with stage.act() as now:
        tendering.ask(actor, tendering.tender_of(code), text, now)


def taken(stage: BiddingStage, code: str, actor) -> None:
    with stage.act() as now:
        tender = tendering.tender_of(code)
        documents.take(actor, tender, tender.documents[0].sha256, now)[1].close()


def opened(stage: BiddingStage, lot: str) -> None:
    stage.run(4)
    stage.run_to_close(lot)
    stage.run_until("sealed", lot)
    stage.run(4)
    stage.start(lot)
    stage.run_until("opened", lot)
    stage.run(3)


# the list


def test_c03_a_notice_waits_for_a_list_of_three(stage: BiddingStage) -> None:
    code = construction(stage)
    with stage.act(write=False) as now:
        missing = {one.code for one in tendering.obstacles(tendering.tender_of(code), now)}
    assert "invitation.unfixed" in missing
    put(stage, code, named(stage, THREE[:2], Ground.OWN))
    with pytest.raises(Conflict) as refusal:
        fix(stage, code)
    assert refusal.value.code == "invitation.few"
    assert str(refusal.value.rule).startswith("C03")
    put(stage, code, named(stage, THREE, Ground.OWN))
    fix(stage, code)
    assert stage.lot(out(stage, code)).state == LotState.COLLECTING


def test_c03_the_signed_notice_names_the_procedure(stage: BiddingStage) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    out(stage, code)
    assert canonical.decode(stage.tender(code).notice or b"")["method"] == "invited"
    assert stage.facts("notice.published")[-1].method == "invited"


def test_a_fixed_list_stands_and_its_draft_is_not_thrown_away(stage: BiddingStage) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    with pytest.raises(Conflict) as refusal:
        put(stage, code, named(stage, SIX, Ground.OWN))
    assert refusal.value.code == "invitation.fixed"
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        tendering.discard_draft(stage.owner, tendering.tender_of(code), now)
    assert refusal.value.code == "tender.list_fixed"


def test_a_list_that_is_not_fixed_goes_with_its_draft(stage: BiddingStage) -> None:
    code = construction(stage)
    put(stage, code, named(stage, THREE, Ground.OWN))
    with stage.act() as now:
        tendering.discard_draft(stage.owner, tendering.tender_of(code), now)
    with stage.act(write=False):
        assert db.session.scalars(select(Invitation)).all() == []


@pytest.mark.parametrize(
    "codes", [["91330106673959654X"], [], ["91330106673959654P"] * 2], ids=["unknown", "nobody", "twice"]
)
def test_a_list_names_registered_bidders_each_once(stage: BiddingStage, codes: list[str]) -> None:
    code = construction(stage)
    with pytest.raises(Invalid) as refusal:
        put(stage, code, List([Listed(one, Ground.OWN) for one in codes], None))
    assert refusal.value.code == "invitation.unnamed"


def test_the_agency_prepares_and_the_owner_alone_fixes(stage: BiddingStage) -> None:
    code = construction(stage, agency_uscc=stage.agency.uscc)
    put(stage, code, named(stage, THREE, Ground.OWN), actor="agency")
    with pytest.raises(Forbidden):
        fix(stage, code, actor="agency")
    for actor in ("bidder", "other_owner", "manager", "supervising", "operator"):
        with pytest.raises((Forbidden, NotFound)):
            put(stage, code, named(stage, THREE, Ground.OWN), actor=actor)
        with pytest.raises((Forbidden, NotFound)):
            fix(stage, code, actor=actor)


def test_of_two_who_fix_a_list_at_one_instant_one_does(stage: BiddingStage) -> None:
    code = construction(stage)
    put(stage, code, named(stage, THREE, Ground.OWN))
    done = together([lambda: fix(stage, code)] * 4, threads=4)
    refused = [one for one in done if isinstance(one, Refusal)]
    assert [one.code for one in refused] == ["invitation.fixed"] * 3
    assert len(stage.facts("invitation.listed")) == 1


# the draw


def test_g06_the_log_draws_and_anybody_can_play_it_again(stage: BiddingStage) -> None:
    code = invitation(stage)
    invite(stage, code, SIX, Ground.LIBRARY, draw=3)
    with stage.act(write=False) as now:
        missing = {one.code for one in tendering.obstacles(tendering.tender_of(code), now)}
    assert "invitation.undrawn" in missing
    with clock.at(stage.now):
        assert not steps.step_draws(stage.now)
    draws(stage)
    (fact,) = stage.facts("invitation.drawn")
    (made,) = stage.facts("invitation.listed")
    with stage.act(write=False):
        row = db.session.scalars(select(LogFact).where(LogFact.kind == "invitation.listed")).one()
        head = db.session.get_one(LogCheckpoint, fact.size)
        assert row.index is not None
        assert fact.size > row.index
        assert head.quorum_at is not None
        assert keys.unb64(fact.root) == head.root
    assert fact.list_sha256 == canonical.sha(made.canonical())
    assert fact.seed == draw.seed(keys.unb64(fact.root), fact.list_sha256)
    assert fact.invited == draw.drawn([one.uscc for one in made.invitees], 3, fact.seed)
    actors = [stage.bidder_of(name).actor for name in SIX]
    with stage.act(write=False):
        tender = tendering.tender_of(code)
        assert {one.uscc for one in actors if is_invited(tender, one.organization_id)} == set(fact.invited)


def test_g06_a_draw_happens_once(stage: BiddingStage) -> None:
    code = invitation(stage)
    invite(stage, code, SIX, Ground.LIBRARY, draw=3)
    draws(stage)
    stage.run(3)
    with clock.at(stage.now):
        assert not steps.step_draws(stage.now)
    assert len(stage.facts("invitation.drawn")) == 1
    assert stage.lot(out(stage, code)).state == LotState.COLLECTING


# the door


def test_c03_only_the_invited_ask_take_the_documents_and_bid(stage: BiddingStage) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    lot = out(stage, code)
    asked(stage, code, "甲")
    taken(stage, code, stage.bidder_of("甲").actor)
    stage.bid(lot, "甲")
    for act in (
        lambda: asked(stage, code, "外人"),
        lambda: taken(stage, code, stage.bidder_of("外人").actor),
        lambda: taken(stage, code, None),
        lambda: stage.bid(lot, "外人"),
    ):
        with pytest.raises(Forbidden) as refusal:
            act()
        assert refusal.value.code == "bid.not_invited"
        assert refusal.value.rule == "《招标投标法》第十七条"


def test_project_and_supervisor_read_the_documents_without_an_invitation(stage: BiddingStage) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    out(stage, code)
    taken(stage, code, stage.owner)
    taken(stage, code, stage.supervising)


def test_an_open_tender_asks_for_no_invitation(stage: BiddingStage) -> None:
    code = stage.published()
    taken(stage, code, None)
    asked(stage, code, "甲")
    stage.bid(stage.lots(code)[0], "甲")


# the answer


def answer(stage: BiddingStage, code: str, name: str, *, accepts: bool) -> None:
    actor = stage.bidder_of(name).actor
    with stage.act() as now:
        service.answer(actor, tendering.tender_of(code), accepts=accepts, now=now)


def test_whoever_declined_may_still_bid(stage: BiddingStage) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    lot = out(stage, code)
    answer(stage, code, "甲", accepts=False)
    stage.bid(lot, "甲")
    (fact,) = stage.facts("invitation.answered")
    assert fact.sealed
    with pytest.raises(Forbidden):
        answer(stage, code, "外人", accepts=True)


def test_an_invitation_is_not_answered_after_the_deadline(stage: BiddingStage) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    lot = out(stage, code)
    stage.run(2)
    stage.run_to_close(lot)
    with pytest.raises(Conflict) as refusal:
        answer(stage, code, "甲", accepts=True)
    assert refusal.value.code == "invitation.closed"


# the whole of an inquiry, and too few


def test_n11_an_inquiry_opens_with_three_responses(stage: BiddingStage) -> None:
    code = inquiry(stage)
    invite(stage, code, THREE, Ground.PURCHASER, Ground.EXPERT, Ground.EXPERT)
    lot = out(stage, code)
    for n, name in enumerate(THREE):
        stage.bid(lot, name, price=f"{8 - n}00000.00")
    opened(stage, lot)
    assert {fact.price for fact in stage.facts("bid.opened")} == {"800000.00", "700000.00", "600000.00"}
    with stage.act(write=False):
        rows = {row.kind for row in db.session.scalars(select(LogFact).where(LogFact.disclosed_at.is_not(None)))}
    assert "invitation.listed" in rows
    assert "invitation.answered" not in rows


def test_n11_an_inquiry_with_two_responses_fails(stage: BiddingStage) -> None:
    code = inquiry(stage)
    invite(stage, code, THREE, Ground.EXPERT)
    lot = out(stage, code)
    for name in THREE[:2]:
        stage.bid(lot, name, price="700000.00")
    stage.run(4)
    stage.run_to_close(lot)
    stage.run_until("failed", lot)
    assert "《财政部令第74号》第五十一条" in stage.facts("tender.failed")[-1].law


def test_n12_a_single_source_opens_with_its_one_response(stage: BiddingStage) -> None:
    code = single(stage)
    invite(stage, code, THREE[:1], Ground.SOURCE)
    publicize(stage, code)
    stage.now += seconds(10)
    lot = out(stage, code)
    with pytest.raises(Forbidden):
        stage.bid(lot, "乙", price="700000.00")
    stage.bid(lot, "甲", price="700000.00")
    opened(stage, lot)
    assert [fact.price for fact in stage.facts("bid.opened")] == ["700000.00"]


# the single source's publicity


def missing(stage: BiddingStage, code: str) -> dict[str, str]:
    with stage.act(write=False) as now:
        found = tendering.obstacles(tendering.tender_of(code), now)
    return {one.code: one.rule for one in found if one.code.startswith("source.")}


def test_n12_a_single_source_is_public_five_working_days_before(stage: BiddingStage) -> None:
    code = single(stage)
    with pytest.raises(Conflict) as refusal:
        publicize(stage, code)
    assert refusal.value.code == "source.unfixed"
    invite(stage, code, THREE[:1], Ground.SOURCE)
    assert set(missing(stage, code)) == {"source.unpublished"}
    publicize(stage, code)
    assert set(missing(stage, code)) == {"source.running"}
    assert missing(stage, code)["source.running"].startswith("N12 ")
    stage.now += seconds(5)
    assert missing(stage, code) == {}
    (fact,) = stage.facts("source.published")
    assert not fact.sealed
    assert fact.uscc == stage.bidder_of("甲").actor.uscc
    with pytest.raises(Conflict):
        publicize(stage, code)


def test_n12_an_emergency_is_not_published_beforehand(stage: BiddingStage) -> None:
    code = single(stage, method_ground="emergency")
    invite(stage, code, THREE[:1], Ground.SOURCE)
    assert missing(stage, code) == {}


@pytest.mark.parametrize(("upheld", "after"), [(False, set()), (True, {"source.upheld"})])
def test_n12_an_objection_is_argued_before_the_procedure_begins(
    stage: BiddingStage, upheld: bool, after: set[str]
) -> None:
    code = single(stage)
    invite(stage, code, THREE[:1], Ground.SOURCE)
    found = publicize(stage, code)
    second, third = stage.bidder_of("乙").actor, stage.bidder_of("丙").actor
    with stage.act() as now:
        made = source.object_to(second, source.one(found.id), "我单位也能供应同类设备", now)
    stage.now += seconds(5)
    assert set(missing(stage, code)) == {"source.unargued"}
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        source.object_to(third, source.one(found.id), "我单位也能供应", now)
    assert refusal.value.code == "source.over"
    given = Findings("经三名专家论证，接口不公开", upheld=upheld)
    with pytest.raises(NotFound), stage.act() as now:
        source.argue(stage.manager, tendering.tender_of(code), made.id, given, now)
    with stage.act() as now:
        source.argue(stage.owner, tendering.tender_of(code), made.id, given, now)
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        source.argue(stage.owner, tendering.tender_of(code), made.id, given, now)
    assert refusal.value.code == "source.argued"
    assert len(stage.facts("source.argued")) == 1
    assert set(missing(stage, code)) == after


# secrecy


def test_nobody_but_owner_and_agency_sees_the_list_before_the_opening(stage: BiddingStage) -> None:
    code = construction(stage, agency_uscc=stage.agency.uscc)
    invite(stage, code, THREE)
    with stage.act(write=False):
        tender = tendering.tender_of(code)
        assert showing.of_project(tender, stage.owner)
        assert showing.of_project(tender, stage.agency)
        strangers = [
            None,
            *(stage.actors[name] for name in ("bidder", "other_owner", "manager", "supervising", "operator")),
        ]
        assert not any(showing.of_project(tender, actor) for actor in strangers)
        assert not showing.of_project(tender, stage.bidder_of("甲").actor)
        assert showing.received(stage.bidder_of("甲").actor) == []
    out(stage, code)
    assert all(fact.sealed for fact in stage.facts("invitation.listed"))
    with stage.act(write=False):
        assert [one["tender"] for one in showing.received(stage.bidder_of("甲").actor)] == [code]
        assert showing.received(stage.bidder) == []
        told = showing.to_public(tendering.tender_of(code), stage.bidder_of("甲").actor)
    assert told == {"clause": "《招标投标法》第十七条", "invited": True, "source": False}


def test_the_owner_learns_who_accepted_only_when_all_is_open(stage: BiddingStage) -> None:
    code = construction(stage)
    invite(stage, code, THREE)
    lot = out(stage, code)
    for name in THREE:
        answer(stage, code, name, accepts=True)
        stage.bid(lot, name)
    for at in ("collecting", "sealed"):
        stage.run_until(at, lot)
        with stage.act(write=False):
            found = showing.of_project(tendering.tender_of(code), stage.owner)
        assert found
        assert [row["accepts"] for row in found["rows"]] == [None] * 3
        if at == "collecting":
            stage.run(3)
            stage.run_to_close(lot)
    stage.run(4)
    stage.start(lot)
    stage.run_until("opened", lot)
    with stage.act(write=False):
        found = showing.of_project(tendering.tender_of(code), stage.owner)
    assert found
    assert [row["accepts"] for row in found["rows"]] == [True] * 3


def test_what_is_public_of_a_tender_says_nothing_of_how_many_were_invited(stage: BiddingStage) -> None:
    code = construction(stage, invitees=7)
    invite(stage, code, SIX)
    out(stage, code)
    stage.run(3)
    told = (stage.folder / "public" / "tenders" / code / "tender.json").read_text()
    assert "invitees" not in told
    assert not any(stage.bidder_of(name).actor.uscc in told for name in SIX)
    assert listed(stage, code).fixed_at is not None
