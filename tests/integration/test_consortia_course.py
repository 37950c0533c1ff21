"""C24 at the door: an organization has one part in a lot, alone or in one consortium, whatever comes first."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import staged
from invitation_stage import terms as procured
from tendering_stage import _actor
from test_bidding_race import together

from accounts.models import Consortium, ConsortiumMember
from accounts.roles import OrgKind, Role
from bidding import submission
from bidding.models import Bid
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import Conflict, Forbidden

ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with staged(tmp_path, request.param) as found:
        yield found


def consortium(stage, *members, code="c0ffee0011223344"):
    """Complete, led by the first."""
    organizations = [one if isinstance(one, int) else stage.bidder_of(one).actor.organization_id for one in members]
    with stage.act() as now:
        found = Consortium(
            code=code, name=f"联合体 {code[:4]}", lead_id=organizations[0], agreement_sha256="a" * 64,
            statement="{}", declared_at=now, confirmed_at=now,
        )  # fmt: skip
        db.session.add(found)
        db.session.flush()
        db.session.add_all(ConsortiumMember(consortium_id=found.id, organization_id=one) for one in organizations)
    return f"consortium:{code}"


def bid(stage, lot, name, party=None, **job):
    handed = replace(stage.handed(stage.seal(lot, name, **job), name), party=party)
    return stage.submit(lot, handed, name)


def refused(stage, lot, name, party=None):
    with pytest.raises(Conflict) as found:
        bid(stage, lot, name, party)
    assert found.value.code == "bid.twice"
    assert "《招标投标法实施条例》第三十七条" in str(found.value.rule)


def test_c24_a_member_of_a_consortium_that_has_bid_does_not_bid_alone(stage):
    lot, ref = stage.one_lot(), consortium(stage, "a", "b")
    bid(stage, lot, "a", ref)
    refused(stage, lot, "b")
    refused(stage, lot, "a")


def test_c24_a_consortium_does_not_bid_with_a_member_who_has_bid_alone(stage):
    lot, ref = stage.one_lot(), consortium(stage, "a", "b")
    bid(stage, lot, "b")
    refused(stage, lot, "a", ref)


def test_c24_nobody_is_in_two_consortia_on_one_lot(stage):
    lot = stage.one_lot()
    first = consortium(stage, "a", "b")
    second = consortium(stage, "c", "b", code="beef" * 4)
    bid(stage, lot, "a", first)
    refused(stage, lot, "c", second)


def test_pr22_in_a_procurement_the_refusal_cites_its_own_clause(stage):
    said = {"trade": "procurement", "pack": "practice.procurement.open", "consortium_allowed": True}
    lot, ref = stage.one_lot(**said, **procured(stage)), consortium(stage, "a", "b")
    bid(stage, lot, "a", ref)
    with pytest.raises(Conflict) as found:
        bid(stage, lot, "b")
    assert found.value.code == "bid.twice"
    assert "《政府采购法实施条例》第二十二条" in str(found.value.rule)


def test_c24_another_lot_is_another_matter(stage):
    ref = consortium(stage, "a", "b")
    bid(stage, stage.one_lot(), "a", ref)
    assert bid(stage, stage.one_lot(), "b").party.startswith("org:")


def test_c24_who_withdrew_may_bid_with_others(stage):
    lot, ref = stage.one_lot(), consortium(stage, "a", "b")
    alone = bid(stage, lot, "b")
    stage.withdraw(lot, alone, "b")
    assert bid(stage, lot, "a", ref).party == ref
    refused(stage, lot, "b")


def test_c24_a_consortium_replaces_its_own_bid(stage):
    lot, ref = stage.one_lot(), consortium(stage, "a", "b")
    first = bid(stage, lot, "a", ref)
    second = bid(stage, lot, "a", ref, prev=first.manifest_sha256)
    assert (second.prev, second.party) == (first.manifest_sha256, ref)


def test_c24_a_dissolved_consortium_stays_bound_by_its_bid(stage):
    lot, ref = stage.one_lot(), consortium(stage, "a", "b")
    bid(stage, lot, "a", ref)
    with stage.act() as now:
        db.session.query(Consortium).one().dissolved_at = now
    refused(stage, lot, "b")


def test_c24_of_a_member_alone_and_its_consortium_at_one_instant_one_is_taken(stage):
    lot, ref = stage.one_lot(), consortium(stage, "a", "b")
    ready = [
        ("a", replace(stage.handed(stage.seal(lot, "a"), "a"), party=ref)),
        ("b", stage.handed(stage.seal(lot, "b"), "b")),
    ]
    now = stage.now

    def submitting(name, handed):
        actor = stage.bidder_of(name).actor

        def submit():
            with clock.at(now), transaction():
                return submission.submit(actor, lot, handed, now).party

        return submit

    answers = together([submitting(*one) for one in ready], 2)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "str"]
    assert [found.status.value for found in stage.rows(Bid)] == ["live"]


def test_p13_the_owner_does_not_bid_as_a_member_or_under_another_kind(stage):
    lot = stage.one_lot()
    with stage.act():
        twin = _actor("owner_bidding", OrgKind.BIDDER, Role.BIDDER, stage.owner.uscc)
    ref = consortium(stage, "a", twin.organization_id)
    with pytest.raises(Forbidden) as found:
        bid(stage, lot, "a", ref)
    assert found.value.code == "bid.own_tender"


def test_the_centre_and_its_supervisors_do_not_bid_on_their_own_platform(stage):
    lot = stage.one_lot()
    with stage.act():
        twin = _actor("centre_bidding", OrgKind.BIDDER, Role.BIDDER, stage.operator.uscc)
    ref = consortium(stage, "a", twin.organization_id)
    with pytest.raises(Forbidden) as found:
        bid(stage, lot, "a", ref)
    assert found.value.code == "bid.operator"
    assert "《电子招标投标办法》第二十三条" in str(found.value.rule)
