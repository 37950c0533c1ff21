"""From the opening record to the award: committee, declaration, admission, sheets, result, disclosure."""

from __future__ import annotations

import pytest

from accounts.roles import Role
from evaluation import results, scoring, steps, views
from evaluation.models import Evaluation
from kernel import canonical, clock, keys
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from kernel.site import site
from kernel.statements import Signed
from tendering import awards, lifecycle
from tests.evaluation_stage import ALIASES, COMMITTEE, WITHOUT_THE_FIRST, EvaluationStage, evaluation_staged
from tests.log_stage import ENGINES
from tests.tendering_stage import seconds


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with evaluation_staged(tmp_path, engine=request.param) as found:
        yield found


def seen(stage: EvaluationStage, name: str | None) -> set[str]:
    """The aliases whose sheets somebody sees."""
    with stage.act(write=False):
        return {one["evaluator"] for one in views.sheets(stage.actor(name) if name else None, stage.lot)}


def alias_of(stage: EvaluationStage, name: str) -> str:
    with stage.act(write=False):
        from evaluation import reading

        return reading.own_seat(stage.actor(name), stage.lot).alias


def result(stage: EvaluationStage):
    with stage.act(write=False):
        return results.published(stage.lot)


# the committee


def test_the_committee_stands_in_the_log_under_aliases_and_keys(stage):
    aliases = stage.form()
    assert sorted(aliases) == ALIASES
    fact = stage.stage.facts("committee.formed")[-1]
    spelled = {keys.spell(stage.keys[name][0].public_key()) for name in COMMITTEE}
    assert {member.sign_key for member in fact.members} == spelled


def test_only_the_centre_forms_a_committee(stage):
    from evaluation import committee

    with pytest.raises(Forbidden), stage.act() as now:
        committee.form(stage.actor("owner"), stage.lot, ["expert1-login"], now)


def test_c36_a_committee_of_four_of_six_or_of_one_person_twice_is_refused(stage):
    for few in (COMMITTEE[:3], COMMITTEE[:4], (*COMMITTEE, "expert6")):
        with pytest.raises(Invalid, match=r"committee\.size") as refused:
            stage.form(*few)
        assert refused.value.rule == "C36 《招标投标法》第三十七条"
    with pytest.raises(Invalid, match=r"committee\.twice"):
        stage.form(*COMMITTEE[:4], "expert1")


def test_c36_the_owner_may_have_a_representative_who_signs_like_everybody(stage):
    stage.empower("owner", Role.OWNER)
    stage.form("owner", *COMMITTEE[1:])
    fact = stage.stage.facts("committee.formed")[-1]
    assert sorted(member.kind for member in fact.members) == ["expert"] * 4 + ["owner"]
    for name in ("owner", *COMMITTEE[1:]):
        stage.declare(name)
        stage.admit(name)
    stage.opened()
    stage.step(steps.step_begin_scoring)
    for name in ("owner", *COMMITTEE[1:]):
        stage.sign(name, stage.draft())
    assert stage.conclude()


def test_c36_somebody_of_another_owner_represents_nobody_here(stage):
    stage.empower("other_owner", Role.OWNER)
    with pytest.raises(Forbidden, match=r"committee\.recused"):
        stage.form("other_owner", *COMMITTEE[1:])


def test_who_is_no_expert_does_not_sit(stage):
    with pytest.raises(Forbidden, match=r"committee\.recused"):
        stage.form(*COMMITTEE[:4], "supervising")


def test_c40_g24_an_expert_of_a_bidders_organization_does_not_sit(stage):
    from accounts.models import Organization

    with stage.act():
        organization = db.session.get_one(Organization, stage.actor("expert3").organization_id)
        organization.uscc = stage.actor("bidder2").uscc
    with pytest.raises(Forbidden, match=r"committee\.recused") as refused:
        stage.form()
    assert refused.value.detail["login"] == "expert3-login"


def test_an_expert_of_the_owners_organization_does_not_sit(stage):
    from accounts.models import Organization

    with stage.act():
        db.session.get_one(Organization, stage.actor("expert1").organization_id).uscc = stage.actor("owner").uscc
    with pytest.raises(Forbidden, match=r"committee\.recused"):
        stage.form()


def test_an_expert_whose_certificate_was_revoked_does_not_sit(stage):
    from accounts.models import Certificate

    with stage.act() as now:
        der = stage.keys["expert2"][1]
        db.session.query(Certificate).filter_by(der=der).one().revoked_at = now
    with pytest.raises(Forbidden, match=r"committee\.recused"):
        stage.form()


def test_nobody_admits_before_declaring(stage):
    stage.form()
    with pytest.raises(Conflict, match=r"seat\.undeclared"):
        stage.admit("expert1")


def test_c40_g24_who_declares_a_relative_at_a_bidder_is_replaced_and_takes_no_part(stage):
    stage.form()
    stage.declare("expert1", "我的配偶在投标单位任职")
    with pytest.raises(Forbidden, match=r"seat\.conflict"):
        stage.admit("expert1")
    with pytest.raises(Forbidden, match=r"committee\.conflicted"):
        stage.form()
    aliases = stage.form(*WITHOUT_THE_FIRST)
    assert "E6" in aliases
    with pytest.raises(NotFound, match=r"seat\.none"):
        stage.declare("expert1")


def test_a_declaration_is_made_once(stage):
    stage.form()
    stage.declare("expert1")
    with pytest.raises(Conflict, match=r"seat\.declared"):
        stage.declare("expert1", "now I remember")


def test_the_stage_is_admitted_by_all_members_or_not_at_all(stage):
    stage.form()
    for name in COMMITTEE:
        stage.declare(name)
    for name in COMMITTEE[:4]:
        stage.admit(name)
    assert [fact for fact in stage.stage.facts("stage.admitted") if fact.stage == "docs"] == []
    stage.admit("expert5")
    fact = stage.stage.facts("stage.admitted")[-1]
    assert (fact.stage, list(fact.bids)) == ("docs", sorted(stage.bid_ids.values()))
    for signing in fact.signatures:
        raw, key = (
            keys.unb64(signing.file),
            {m.alias: m.sign_key for m in stage.stage.facts("committee.formed")[-1].members},
        )
        assert keys.verified(keys.unb64(signing.sig), raw, keys.parse(key[signing.by]))


def test_another_statement_than_the_one_shown_is_refused(stage):
    stage.form()
    stage.declare("expert1")
    with pytest.raises(Conflict, match=r"admission\.other"):
        stage.admit("expert1", canonical.encode({"type": "kaibiao-admitted/1", "lot": stage.lot}))


# the sheets


def test_scoring_begins_when_every_admitted_bid_is_opened_or_judged(stage):
    stage.admitted()
    assert stage.step(steps.step_begin_scoring) is False
    stage.opened()
    assert stage.step(steps.step_begin_scoring) is True
    assert stage.state() == "evaluating"
    assert stage.step(steps.step_begin_scoring) is False


def test_the_result_waits_until_every_sheet_has_its_place_in_the_log(stage):
    stage.scoring()
    for name in COMMITTEE:
        stage.sign(name, stage.draft())
    with clock.at(stage.stage.now):
        assert steps.step_results(stage.stage.now) is False
    assert stage.conclude() is True


def test_each_evaluator_sees_only_the_own_sheet_until_all_are_signed(stage):
    stage.scoring()
    stage.sign("expert1", stage.draft())
    stage.sign("expert2", stage.draft())
    one, two = alias_of(stage, "expert1"), alias_of(stage, "expert2")
    assert seen(stage, "expert1") == {one}
    assert seen(stage, "expert2") == {two}
    for name in ("expert3", "operator", "owner", "supervising", "bidder", "manager", None):
        assert seen(stage, name) == set()
    for name in COMMITTEE[2:]:
        stage.sign(name, stage.draft())
    assert seen(stage, "expert1") == {one}
    stage.conclude()
    assert seen(stage, "expert1") == set(ALIASES)
    assert seen(stage, "owner") == set(ALIASES)
    for name in ("bidder", None):
        assert seen(stage, name) == set()


def test_a_draft_is_kept_as_typed_and_only_for_its_member(stage):
    stage.scoring()
    typed = stage.draft(plan="3o")
    stage.save("expert1", typed)
    with stage.act(write=False):
        assert views.room(stage.actor("expert1"), stage.lot)["draft"] == typed
        assert views.room(stage.actor("expert2"), stage.lot)["draft"] == {}


def test_an_unfinished_draft_is_not_signed_and_says_why(stage):
    stage.scoring()
    stage.save("expert1", stage.draft(plan="41"))
    with pytest.raises(Invalid, match=r"sheet\.incomplete") as refused, stage.act(write=False):
        scoring.statement(stage.actor("expert1"), stage.lot)
    assert len(refused.value.detail["fields"]) == 3


def test_an_altered_sheet_is_refused(stage):
    stage.scoring()
    stage.save("expert1", stage.draft())
    with stage.act(write=False):
        raw = scoring.statement(stage.actor("expert1"), stage.lot)
    good = stage.signed("expert1", raw)
    altered = Signed(raw.replace(b'"30"', b'"39"'), good.sig)
    with pytest.raises(Forbidden, match=r"seat\.signature"), stage.act() as now:
        scoring.sign(stage.actor("expert1"), stage.lot, altered, stage.keys["expert1"][1], now)
    assert [sheet.file for sheet in stage.sheets()] == [None]


def test_a_sheet_signed_by_another_member_is_refused(stage):
    stage.scoring()
    stage.save("expert1", stage.draft())
    with stage.act(write=False):
        raw = scoring.statement(stage.actor("expert1"), stage.lot)
    with pytest.raises(Forbidden):
        stage.hand_in("expert1", raw, signer="expert2")


def test_a_sheet_of_another_seat_is_refused(stage):
    stage.scoring()
    stage.save("expert1", stage.draft())
    with stage.act(write=False):
        raw = scoring.statement(stage.actor("expert1"), stage.lot)
    with pytest.raises(Invalid, match=r"sheet\.other"):
        stage.hand_in("expert2", raw)


def test_a_signed_sheet_is_not_changed_any_more(stage):
    stage.scoring()
    stage.sign("expert1", stage.draft())
    with pytest.raises(Conflict, match=r"sheet\.signed"):
        stage.save("expert1", stage.draft(plan="20"))
    with pytest.raises(Conflict, match=r"sheet\.signed"):
        stage.sign("expert1")


def test_c40_g26_what_a_replaced_member_signed_is_void_and_done_again(stage):
    stage.scoring()
    for name in COMMITTEE:
        stage.sign(name, stage.draft(plan="5" if name == "expert1" else "30"))
    stage.form(*WITHOUT_THE_FIRST)
    assert stage.conclude() is False
    with pytest.raises(NotFound, match=r"seat\.none"):
        stage.sign("expert1", stage.draft())
    with pytest.raises(Conflict, match=r"seat\.undeclared"):
        stage.sign("expert6", stage.draft())
    stage.declare("expert6")
    stage.sign("expert6", stage.draft())
    assert stage.conclude() is True
    told = result(stage)
    assert {one["evaluator"] for one in told["sheets"]} == {"E6", *ALIASES} - {alias_gone(stage)}
    assert {line["criteria"]["plan"] for line in told["ranking"]} == {"30.00"}


def alias_gone(stage: EvaluationStage) -> str:
    """The alias of the seat that was ended."""
    from evaluation.models import Seat

    with stage.act(write=False):
        return db.session.query(Seat.alias).filter(Seat.ended_at.is_not(None)).scalar()


def test_g34_a_result_that_stands_is_changed_by_nobody(stage):
    stage.scored()
    before = result(stage)
    for change in (
        lambda: stage.form(*WITHOUT_THE_FIRST),
        lambda: stage.save("expert1", stage.draft(plan="1")),
        lambda: stage.sign("expert1", stage.draft(plan="1")),
    ):
        with pytest.raises(Conflict):
            change()
    assert stage.conclude() is False
    assert result(stage) == before
    assert len(stage.stage.facts("result.published")) == 1


def test_objective_marks_that_differ_send_all_sheets_back(stage):
    stage.scoring()
    for name in COMMITTEE[:4]:
        stage.sign(name, stage.draft())
    stage.sign("expert5", stage.draft(record="10"))
    found = stage.sheets()
    assert [sheet.file for sheet in found] == [None] * len(COMMITTEE)
    assert {place["criterion"] for place in found[0].returned} == {"record"}
    # where they differ is said, what the others gave is not
    assert set(found[0].returned[0]) == {"bid_id", "criterion"}
    assert stage.conclude() is False
    for name in COMMITTEE:
        stage.sign(name, stage.draft())
    assert stage.conclude() is True


def test_nobody_without_a_seat_enters_the_room(stage):
    stage.scoring()
    for name in ("operator", "owner", "bidder", "supervising"):
        with pytest.raises(Forbidden), stage.act(write=False):
            views.room(stage.actor(name), stage.lot)
    with pytest.raises(NotFound), stage.act(write=False):
        views.room(stage.actor("expert6"), stage.lot)


def test_the_room_is_closed_until_the_documents_are_opened(stage):
    stage.admitted()
    with pytest.raises(Forbidden, match=r"room\.closed"), stage.act(write=False):
        views.room(stage.actor("expert1"), stage.lot)


# the result


def test_the_result_is_computed_by_the_clock_and_stands_in_the_log_by_hash(stage):
    stage.scored()
    with stage.act(write=False):
        row = db.session.query(Evaluation).one()
    logged = stage.stage.facts("result.published")[-1]
    assert logged.result_sha256 == row.result_sha256 == canonical.sha(row.result)
    assert logged.method_sha256 == stage.stage.lot(stage.lot).method_sha256
    assert [place.bid_id for place in logged.ranking] == [
        stage.bid_ids[name] for name in ("bidder2", "bidder", "bidder3")
    ]
    assert stage.conclude() is False


def test_the_result_cites_the_signed_sheets_by_hash(stage):
    stage.scored()
    cited = {one["sha256"] for one in result(stage)["sheets"]}
    assert cited == {fact.sheet_sha256 for fact in stage.stage.facts("score.sheet")}


def test_a_bid_whose_documents_do_not_open_is_not_ranked(stage):
    stage.scored(bidder="judged", bidder2="judged", bidder3="judged")
    assert result(stage)["outcome"] == "failed"
    assert stage.state() == "failed"


def test_c43_when_all_bids_are_rejected_the_lot_fails(stage):
    stage.scoring()
    out = {"conforms": False, "ground": "未响应实质性要求", "head": "unresponsive"}
    for name in COMMITTEE:
        stage.sign(name, {bid_id: entry | out for bid_id, entry in stage.draft().items()})
    stage.conclude()
    assert stage.state() == "failed"
    assert result(stage)["ranking"] == []


def test_the_owner_publicizes_and_awards_and_the_sheets_become_public(stage):
    stage.scored()
    with stage.act() as now:
        until = results.start_publicity(stage.actor("owner"), stage.lot, [], now)
    assert stage.state() == "publicity"
    assert seen(stage, None) == set()
    stage.stage.now = until + seconds(1)
    with stage.act() as now:
        lot = lifecycle.lot_of(stage.lot)
        raw = awards.award_statement(lot, stage.bid_ids["bidder2"]).raw
        results.award(stage.actor("owner"), stage.lot, Signed(raw, keys.sign(raw, stage.stage.owner_key)), now)
    assert stage.state() == "awarded"
    assert seen(stage, None) == set(ALIASES)


def test_an_evaluator_cannot_publicize(stage):
    stage.scored()
    with pytest.raises(Forbidden), stage.act() as now:
        results.start_publicity(stage.actor("expert1"), stage.lot, [], now)


def test_a_shared_first_place_is_ordered_by_the_owner(tmp_path):
    from tests import evaluation_stage

    held = dict(evaluation_stage.PRICES)
    evaluation_stage.PRICES["bidder"] = evaluation_stage.PRICES["bidder2"]
    try:
        with evaluation_staged(tmp_path, {"tie": []}) as stage:
            stage.scored()
            tied = [stage.bid_ids["bidder2"], stage.bid_ids["bidder"]]
            with pytest.raises(Conflict, match=r"result\.tied"), stage.act() as now:
                results.start_publicity(stage.actor("owner"), stage.lot, [], now)
            with stage.act() as now:
                results.start_publicity(stage.actor("owner"), stage.lot, tied, now)
            assert [row["bid_id"] for row in stage.stage.lot(stage.lot).ranking][:2] == tied
    finally:
        evaluation_stage.PRICES.update(held)


# the public files


def public_files(stage: EvaluationStage) -> dict[str, bytes]:
    stage.step(steps.step_files)
    folder = site().public / "lots" / stage.lot
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}


def test_public_files_show_sheets_and_names_only_after_the_award(stage):
    stage.scored()
    found = public_files(stage)
    assert {"method.json", "committee.json", "docs.json", "result.json"} <= found.keys()
    assert not any(name.startswith("scores/") for name in found)
    assert "name" not in canonical.decode(found["committee.json"])["members"][0]
    assert "方案" not in found["docs.json"].decode()
    with stage.act() as now:
        until = results.start_publicity(stage.actor("owner"), stage.lot, [], now)
    stage.stage.now = until + seconds(1)
    with stage.act() as now:
        raw = awards.award_statement(lifecycle.lot_of(stage.lot), stage.bid_ids["bidder2"]).raw
        results.award(stage.actor("owner"), stage.lot, Signed(raw, keys.sign(raw, stage.stage.owner_key)), now)
    found = public_files(stage)
    assert {f"scores/{alias}.json" for alias in ALIASES} <= found.keys()
    assert canonical.sha(found["result.json"]) == stage.stage.facts("result.published")[-1].result_sha256


def test_a_stranger_recomputes_the_result_from_the_public_files_alone(stage):
    from evaluation import sheets, spec
    from evaluation.methods.evaluate import evaluate
    from evaluation.prices import Bid
    from kernel import money
    from tests.evaluation_stage import PRICES

    test_public_files_show_sheets_and_names_only_after_the_award(stage)
    found = public_files(stage)
    sign_keys = {one["alias"]: one["sign_key"] for one in canonical.decode(found["committee.json"])["members"]}
    given = []
    for alias, sign_key in sign_keys.items():
        one = canonical.decode(found[f"scores/{alias}.json"])
        raw = keys.unb64(one["file"])
        assert keys.verified(keys.unb64(one["sig"]), raw, keys.parse(sign_key))
        given.append(sheets.parse(raw))
    bids = [Bid(bid_id, money.parse(PRICES[name])) for name, bid_id in stage.bid_ids.items()]
    again = evaluate(spec.parse(found["method.json"]), bids, given)
    assert again.file(stage.lot) == found["result.json"]
