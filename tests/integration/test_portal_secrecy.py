"""Before the close nobody learns of bids: every role at every reading door, on both shapes of answer, in every slice.

The tables of visibility say it (bidding/visibility.py and its sisters); here the doors are asked.
"""

from __future__ import annotations

import re

import pytest
from portal_doors import READING_ROLES, Street, built, doorways

from bidding import visibility as bids
from evaluation import visibility as evaluation
from tendering import visibility as tenders
from tendering.states import TenderState


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    yield from built(tmp_path_factory.mktemp("secrecy"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The same street, but nobody has bid."""
    yield from built(tmp_path_factory.mktemp("empty"), bidders="")


def _readable(street: Street):
    doors = doorways(street.stage.app.url_map.iter_rules())
    return [door for door in doors if door.method == "GET" and door.rule not in ("/metrics", "/api/openapi.json")]


def _secrets(street: Street) -> list[str]:
    """Whatever tells one bid from another, and who handed it in."""
    found = [value for bid in street.bids for value in (bid.bid_id, bid.manifest_sha256, bid.receipt_id)]
    for bidder in street.stage.bidders.values():
        found += [bidder.actor.uscc, bidder.actor.organization]
    return found


@pytest.mark.parametrize("role", [role for role in READING_ROLES if role != "bidding"])
def test_no_page_and_no_answer_names_a_bid_or_a_bidder_before_the_close(street: Street, role):
    offices = {"MGR": ("/admin/",)}  # the office that admits organizations knows them all, bidding or not
    for door in _readable(street):
        told = [street.values["collecting"][name] for name in door.arguments & set(street.values["collecting"])]
        text = street.ask("GET", street.path(door), street.people.get(role)).get_data(as_text=True)
        if door.rule.startswith(offices.get(role, ("\0",))):
            continue
        for secret in _secrets(street):
            assert secret not in text or secret in told, (role, str(door), secret)


@pytest.mark.parametrize("role", [role for role in READING_ROLES if role != "bidding"])
def test_a_lot_with_bids_reads_like_a_lot_without(street: Street, empty: Street, role):
    """No count, no difference: pages and answers are the same text whether three bid or none."""
    for door in _readable(street):
        if door.arguments & {"lot", "code"} and not door.arguments & {"bid_id", "manifest_sha256"}:
            answers = [one.ask("GET", one.path(door), one.people.get(role)) for one in (street, empty)]
            texts = [_leveled(answer.get_data(as_text=True)) for answer in answers]
            assert answers[0].status_code == answers[1].status_code, (role, str(door))
            assert texts[0] == texts[1], (role, str(door))


def _leveled(text: str) -> str:
    """Without what is random on any page: tokens, keys, hashes, signatures."""
    return re.sub(r"[A-Za-z0-9+/_=-]{24,}|[0-9a-f]{16}", "*", text)


@pytest.mark.parametrize("role", list(bids.Viewer))
def test_the_bids_table_hides_everything_from_strangers_while_bids_are_collected(role):
    if role is bids.Viewer.SELF:
        return
    seen = {field for field in bids.Field if bids.may_see(role, bids.Phase.COLLECTING, field)}
    assert seen == set()


@pytest.mark.parametrize("role", list(evaluation.Viewer))
def test_the_evaluation_table_hides_everything_before_there_is_a_committee(role):
    assert not any(evaluation.may_see(role, evaluation.Phase.NONE, field) for field in evaluation.Field)


def test_no_table_of_tenders_knows_a_field_of_bids():
    fields = tenders.TABLE.fields(tenders.Viewer.PROJECT, TenderState.PUBLISHED)
    assert not {name for name in fields if "bid" in name or "count" in name}


@pytest.mark.parametrize("role", READING_ROLES)
def test_a_draft_is_there_for_its_project_only(street: Street, role):
    for door in _readable(street):
        if "/tenders/" not in door.rule or "code" not in door.arguments:
            continue
        answer = street.ask("GET", street.path(door, "draft"), street.people.get(role))
        if role != "OWNER":
            assert answer.status_code in (401, 403, 404), (role, str(door), answer.status_code)
            assert "草稿" not in answer.get_data(as_text=True)
