"""Changes after the notice on a real database: late ones move the deadline with them, everybody is told, visits are for all."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from kernel import clock, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from kernel.statements import Signed
from tendering import service, statements
from tendering.amendments import service as amendments
from tendering.amendments import telling
from tendering.amendments.models import Amendment, Told
from tests.integration.test_tendering_races import at_once
from tests.tendering_stage import PDF, Stage, on_each_engine, seconds


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request, tmp_path):
    with on_each_engine(request.param, tmp_path) as found:
        yield found


def asked(stage: Stage, code: str) -> str:
    with stage.act() as now:
        return service.ask(stage.bidder, service.tender_of(code), "限价是否调整？", now).token


def late_answer(stage: Stage, code: str, token: str) -> int:
    with stage.act() as now:
        return amendments.propose_answer(stage.owner, service.tender_of(code), token, "工程量调整如下。", now).id


def signed(stage: Stage, code: str, number: int, key: keys.PrivateKey | None = None) -> list[Signed]:
    with stage.act() as now:
        sheet = amendments.sheet(amendments.proposed(stage.owner, code, number), now)
    return [Signed(item.raw, keys.sign(item.raw, key or stage.owner_key)) for item in sheet]


def publish(stage: Stage, code: str, number: int, statements: list[Signed]) -> None:
    with stage.act() as now:
        amendments.publish(stage.owner, amendments.proposed(stage.owner, code, number), statements, now)


def rows(stage: Stage) -> list[Amendment]:
    with stage.act(write=False):
        return list(
            db.session.scalars(select(Amendment).where(Amendment.published_at.is_not(None)).order_by(Amendment.id))
        )


def test_c10_g10_a_late_answer_moves_the_deadline_with_it_and_bids_stay_valid(stage: Stage) -> None:
    code = stage.published()
    (lot,) = stage.lots(code)
    before, token = stage.lot(lot), asked(stage, code)
    stage.now += seconds(50)
    number = late_answer(stage, code, token)
    publish(stage, code, number, signed(stage, code, number))
    after = stage.lot(lot)
    assert after.closes_at == stage.now + seconds(45), "fifteen seconds of the pack, and the time to sign"
    assert (after.keyset_sha256, after.keyset_version) == (before.keyset_sha256, before.keyset_version)
    (answered,) = stage.facts("question.answered")
    (fact,) = stage.facts("amendment.published")
    assert fact.signed.content(amendments.TYPE)["closes_at"] == {lot: rfc3339(after.closes_at)}
    assert answered.tender == code
    assert len(stage.facts("timetable")) == 2
    (change,) = rows(stage)
    assert change.moved == [{"lot": lot, "was": rfc3339(before.closes_at), "now": rfc3339(after.closes_at)}]
    (alert,) = stage.facts("alert")
    assert (alert.point, alert.color, alert.lot) == ("S05", "yellow", lot)


def test_c10_of_several_lots_every_late_one_moves(stage: Stage) -> None:
    from tests.tendering_stage import method

    row = {"ceiling": "21846300.00", "method": method()}
    times = [stage.now + seconds(60), stage.now + seconds(600)]
    lots = [{"name": f"{n}标", "closes_at": rfc3339(at), **row} for n, at in enumerate(times, 1)]
    code = stage.published(lots=lots)
    token = asked(stage, code)
    stage.now += seconds(50)
    number = late_answer(stage, code, token)
    statements = signed(stage, code, number)
    assert len(statements) == 2, "the change, and the one lot that is late"
    publish(stage, code, number, statements)
    assert stage.lot(f"{code}002").closes_at == times[1]
    assert stage.lot(f"{code}001").closes_at == stage.now + seconds(45)


def test_c10_nothing_is_published_without_both_signatures(stage: Stage) -> None:
    code = stage.published()
    (lot,) = stage.lots(code)
    token = asked(stage, code)
    stage.now += seconds(50)
    number = late_answer(stage, code, token)
    whole, strange = signed(stage, code, number), signed(stage, code, number, keys.generate())
    for given in ([], whole[1:], strange, [whole[0], strange[1]]):
        with pytest.raises(Refusal):
            publish(stage, code, number, given)
    with pytest.raises(Conflict) as refusal:
        publish(stage, code, number, whole[:1])
    assert refusal.value.code == "amendment.other_deadlines"
    assert stage.facts("question.answered") == []
    assert stage.lot(lot).closes_at == stage.now + seconds(10)
    with pytest.raises(Forbidden), stage.act() as now:
        amendments.publish(stage.owner, amendments.proposed(stage.other_owner, code, number), whole, now)


def test_c10_signed_too_long_ago_is_signed_again(stage: Stage) -> None:
    code = stage.published()
    token = asked(stage, code)
    stage.now += seconds(20)
    number = late_answer(stage, code, token)
    assert len(signed(stage, code, number)) == 1, "in time: nothing moves, the change alone is signed"
    stage.now += seconds(26)
    statements = signed(stage, code, number)
    stage.now += seconds(10)
    publish(stage, code, number, statements)
    with pytest.raises(NotFound):
        publish(stage, code, number, statements)


def test_c10_a_late_document_waits_unseen_until_it_is_signed(stage: Stage) -> None:
    code = stage.published()
    stage.now += seconds(50)
    with clock.at(stage.now):
        with pytest.raises(Conflict):
            service.add_document(stage.owner, code, "补遗.pdf", iter([PDF]), stage.now)
        change = amendments.propose_document(stage.owner, code, "补遗.pdf", iter([PDF]), stage.now)
    with stage.act(write=False):
        assert [one.name for one in service.tender_of(code).documents] == ["招标文件.pdf"]
    publish(stage, code, change.id, signed(stage, code, change.id))
    (added,) = stage.facts("document.added")
    assert (added.name, added.sha256) == ("补遗.pdf", change.sha256)
    with stage.act() as now, service.take(None, service.tender_of(code), added.sha256, now)[1] as file:
        assert file.read() == PDF
    with pytest.raises(Conflict), clock.at(stage.now):
        amendments.propose_document(stage.owner, code, "补遗.pdf", iter([PDF]), stage.now)


def test_c10_nobody_else_proposes_or_publishes(stage: Stage) -> None:
    code = stage.published(agency_uscc=stage.agency.uscc)
    token = asked(stage, code)
    stage.now += seconds(50)
    for who in ("bidder", "other_owner", "manager"):
        with pytest.raises(Forbidden), stage.act() as now:
            amendments.propose_answer(stage.actors[who], service.tender_of(code), token, "工程量调整如下。", now)
    number = late_answer(stage, code, token)
    statements = signed(stage, code, number)
    with pytest.raises(Forbidden), stage.act() as now:
        amendments.publish(stage.agency, amendments.proposed(stage.agency, code, number), statements, now)
    stage.now += seconds(20)
    with stage.act() as now:
        from tendering.states import CLOCK, LotEvent

        service.move(service.lot_of(f"{code}001"), LotEvent.CLOSE, CLOCK, now)
    with pytest.raises(Conflict):
        publish(stage, code, number, statements)


def test_c10_signed_twice_at_once_is_published_once(stage: Stage) -> None:
    code = stage.published()
    token = asked(stage, code)
    stage.now += seconds(50)
    number = late_answer(stage, code, token)
    statements = signed(stage, code, number)
    answers = at_once([lambda: publish(stage, code, number, statements)] * 3)
    assert sum(answer is None for answer in answers) == 1
    assert len(stage.facts("question.answered")) == len(stage.facts("amendment.published")) == 1


def take(stage: Stage, code: str) -> None:
    sha256 = stage.facts("notice.published")[0].documents[0].sha256
    with stage.act() as now:
        service.take(stage.bidder, service.tender_of(code), sha256, now)[1].close()


def test_c12_everybody_who_took_documents_is_told_and_the_receipt_is_sealed(stage: Stage) -> None:
    code = stage.published()
    take(stage, code)
    take(stage, code)
    token = asked(stage, code)
    with stage.act() as now:
        service.answer(stage.owner, service.tender_of(code), token, service.Reply("见补遗。", bears_on_bids=True), now)
    with stage.act() as now:
        assert [one.what for one in telling.unread(stage.bidder)] == ["answer"]
        assert telling.unread(stage.owner) == telling.unread(None) == []
        assert len(list(db.session.scalars(select(Told)))) == 1
        assert telling.read(stage.bidder, service.tender_of(code), now) == 1
    (fact,) = stage.facts("amendment.read")
    assert fact.sealed
    with pytest.raises(NotFound), stage.act() as now:
        telling.read(stage.bidder, service.tender_of(code), now)
    with pytest.raises(Forbidden), stage.act() as now:
        telling.read(stage.owner, service.tender_of(code), now)


def test_c12_who_took_nothing_is_told_by_the_page_alone(stage: Stage) -> None:
    code = stage.published()
    token = asked(stage, code)
    reply = service.Reply("无影响。", bears_on_bids=False)
    with stage.act() as now:
        service.answer(stage.owner, service.tender_of(code), token, reply, now)
    assert rows(stage) == [], "what does not bear on bids changes nothing"
    with clock.at(stage.now):
        service.add_document(stage.owner, code, "补遗.pdf", iter([PDF]), stage.now)
    with stage.act(write=False):
        assert [one.what for one in telling.published(service.tender_of(code))] == ["document"]
        assert telling.unread(stage.bidder) == []


def test_g04_a_longer_time_is_announced_and_told_to_who_took_documents(stage: Stage) -> None:
    code = stage.published()
    take(stage, code)
    lot = stage.lot(f"{code}001")
    assert lot.closes_at is not None
    item = statements.timetable(lot.code, lot.keyset_sha256 or "", lot.closes_at + seconds(60))
    with stage.act() as now:
        service.extend_deadline(stage.owner, service.lot_of(lot.code), stage.signed(item), now)
    with stage.act(write=False):
        (told,) = telling.shown(telling.published(service.tender_of(code)))
        assert [one.what for one in telling.unread(stage.bidder)] == ["deadline"]
    (moved,) = told["moved"]
    assert (moved["lot"], moved["now"] - moved["was"]) == (lot.code, seconds(60))


def test_c21_a_site_visit_is_announced_to_all_with_time_and_place(stage: Stage) -> None:
    code = stage.published()
    take(stage, code)
    at = rfc3339(stage.now + seconds(30))
    with stage.act() as now:
        amendments.announce_visit(stage.owner, service.tender_of(code), " 工地  东门 ", at, now)
    (fact,) = stage.facts("visit.announced")
    assert (fact.place, fact.visit_at, fact.sealed) == ("工地 东门", at, False)
    with stage.act(write=False):
        assert [one.what for one in telling.unread(stage.bidder)] == ["visit"]


@pytest.mark.parametrize(
    ("place", "after"), [("东", 30), ("x" * 201, 30), ("工地东门", 0), ("工地东门", 60), ("工地东门", None)]
)
def test_c21_a_visit_needs_a_place_and_a_time_before_the_deadline(stage: Stage, place: str, after: int | None) -> None:
    code = stage.published()
    at = "soon" if after is None else rfc3339(stage.now + seconds(after))
    with pytest.raises(Invalid) as refusal, stage.act() as now:
        amendments.announce_visit(stage.owner, service.tender_of(code), place, at, now)
    assert (refusal.value.rule or "").startswith("C21")
    with pytest.raises(Forbidden), stage.act() as now:
        amendments.announce_visit(stage.bidder, service.tender_of(code), "工地东门", at, now)
