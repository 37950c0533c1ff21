"""Role x state x field: who sees what of a tender, and when."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.errors import NotFound
from tendering import listing, presentation, service, visibility
from tendering.states import LotEvent, TenderState
from tests.tendering_stage import Stage, on_each_engine

PUBLIC = {
    "code", "project", "trade", "method", "title", "region", "pack", "pack_sha256", "practice", "state", "published_at",
    "owner", "agency", "notice", "notice_sha256", "documents", "lots", "questions",
}  # fmt: skip
OWN = PUBLIC | {"draft", "created_at", "keysets", "pending_questions", "approvals"}
SEES: dict[tuple[str, str], set[str]] = {
    ("nobody", "draft"): set(), ("bidder", "draft"): set(), ("other_owner", "draft"): set(), ("manager", "draft"): set(),
    ("supervising", "draft"): set(), ("operator", "draft"): set(), ("owner", "draft"): OWN, ("agency", "draft"): OWN,
    ("nobody", "filed"): set(), ("bidder", "filed"): set(), ("other_owner", "filed"): set(), ("manager", "filed"): set(),
    ("supervising", "filed"): set(), ("operator", "filed"): set(), ("owner", "filed"): OWN, ("agency", "filed"): OWN,
    ("nobody", "published"): PUBLIC, ("bidder", "published"): PUBLIC, ("other_owner", "published"): PUBLIC,
    ("manager", "published"): PUBLIC | {"approvals"}, ("supervising", "published"): PUBLIC, ("operator", "published"): PUBLIC,
    ("owner", "published"): OWN, ("agency", "published"): OWN,
    ("nobody", "cancelled"): PUBLIC, ("bidder", "cancelled"): PUBLIC, ("owner", "cancelled"): OWN,
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        yield found


def in_state(stage: Stage, state: str) -> str:
    code = stage.draft(agency_uscc=stage.agency.uscc)
    if state == "draft":
        return code
    stage.document(code)
    stage.keyed(code)
    stage.file(code)
    if state == "filed":
        return code
    stage.publish(code)
    for name in ("owner", "agency") if state == "cancelled" else ():
        with stage.act() as now:
            service.cancel(stage.actors[name], service.tender_of(code), "立项撤销，终止招标", now)
    return code


def seen(stage: Stage, code: str, name: str) -> dict[str, Any]:
    with stage.act(write=False):
        return presentation.tender(service.tender_of(code), stage.actors.get(name))


@pytest.mark.parametrize("state", [str(state) for state in TenderState])
def test_each_viewer_sees_exactly_the_fields_of_the_table(stage: Stage, state: str) -> None:
    code = in_state(stage, state)
    for (name, when), fields in SEES.items():
        if when != state:
            continue
        if not fields:
            with pytest.raises(NotFound) as refusal:
                seen(stage, code, name)
            assert refusal.value.code == "tender.unknown"
        else:
            assert set(seen(stage, code, name)) == fields, (name, state)


def test_the_allow_lists_name_only_parts_that_exist() -> None:
    named = {name for name, row in visibility.TABLE.rows.items() if row.seen}
    assert named == set(presentation.PARTS)


def test_a_draft_is_on_nobodys_list_but_its_projects(stage: Stage) -> None:
    code = in_state(stage, "draft")
    with stage.act(write=False):
        assert listing.public(listing.Query()).rows == []
        assert listing.public(listing.Query(q=code)).total == 0
        assert [one.code for one in listing.mine(stage.owner)] == [code]
        assert [one.code for one in listing.mine(stage.agency)] == [code]
        for name in ("bidder", "other_owner", "manager", "supervising", "operator"):
            assert listing.mine(stage.actors[name]) == []


def test_no_view_of_a_question_says_who_asked_or_when(stage: Stage) -> None:
    code = in_state(stage, "published")
    with stage.act() as now:
        service.ask(stage.bidder, service.tender_of(code), "清单第5项如何计量？", now)
    shown = seen(stage, code, "owner")["pending_questions"]
    assert [set(one) for one in shown] == [{"token", "question"}]
    assert seen(stage, code, "bidder")["questions"] == []


def test_candidates_show_only_from_their_publicity_on(stage: Stage) -> None:
    code = in_state(stage, "published")
    (lot,) = stage.lots(code)
    for event in (
        LotEvent.CLOSE,
        LotEvent.START_OPENING,
        LotEvent.END_OPENING,
        LotEvent.START_EVALUATION,
        LotEvent.REPORT,
    ):
        with stage.act() as now:
            service.move(service.lot_of(lot), event, service.CLOCK, now)
        assert seen(stage, code, "nobody")["lots"][0]["candidates"] is None
    with stage.act() as now:
        candidate = service.Candidate("0" * 32, "0" * 64, "甲", "1.00")
        service.start_publicity(stage.owner, service.lot_of(lot), [candidate], now)
    assert seen(stage, code, "nobody")["lots"][0]["candidates"]


def test_lists_filter_sort_and_page(stage: Stage) -> None:
    codes = [in_state(stage, "published") for _ in range(3)]
    with stage.act(write=False):
        found = listing.public(listing.Query(sort="code", order="asc", page=2), size=2)
        assert ([one.code for one in found.rows], found.total, found.pages) == (codes[2:], 3, 2)
        assert listing.public(listing.Query(state="collecting")).total == 3
        assert listing.public(listing.Query(state="awarded")).total == 0
        assert listing.public(listing.Query(trade="procurement")).total == 0
        assert listing.public(listing.Query(q="100%_")).total == 0
        assert listing.public(listing.Query(q="农村公路", region="9901")).total == 3
