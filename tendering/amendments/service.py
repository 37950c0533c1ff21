"""A change that comes late moves the deadline with it: one signature over both, one transaction (C10, G10, N03, N08)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys
from kernel.clock import parse_rfc3339, rfc3339
from kernel.db import db, transaction
from kernel.errors import Conflict, Invalid, NotFound, Words
from kernel.law import holds
from kernel.statements import Signed
from supervision import facts, log
from tendering import changes, documents, publishing, questions, statements, visibility
from tendering.amendments import extension, telling
from tendering.amendments.models import Amendment
from tendering.amendments.telling import RULE
from tendering.filing.service import alert
from tendering.lifecycle import tender_of
from tendering.models import Lot, Tender
from tendering.questions import Reply
from tendering.statements import ToSign

TYPE = "kaibiao-amendment/1"
VISIT_RULE = "C21 《招标投标法实施条例》第二十八条"


def propose_answer(actor: Actor, tender: Tender, token: str, text: str, now: dt.datetime) -> Amendment:
    """Lay down an answer that bears on bids, to be signed together with the deadlines it moves."""
    _check(actor, tender)
    said = questions.checked(text, "answer")
    questions.waiting(tender, token)
    return _proposed(
        Amendment(what="answer", subject=token, text=said, sha256=canonical.sha(said.encode())), tender, now
    )


def propose_document(actor: Actor, code: str, name: str, chunks: Iterable[bytes], now: dt.datetime) -> Amendment:
    """Lay down a document; outside a request's transaction, as `documents.add_document`, and public to nobody yet."""
    with transaction(write=False):
        _check(actor, tender_of(code))
        documents.check_new(tender_of(code), name)
    stored = documents.store(name, chunks)
    try:
        with transaction():
            tender = tender_of(code)
            _check(actor, tender)
            change = Amendment(what="document", subject=name, text=name, sha256=stored.sha256)
            change.size, change.blob_key = stored.size, stored.blob_key
            return _proposed(change, tender, now)
    except BaseException:
        documents.drop(stored)
        raise


def _check(actor: Actor, tender: Tender) -> None:
    visibility.check_project(tender, actor)
    actor.take_part(Part.PREPARE)
    changes.check_collecting(tender)


def _proposed(change: Amendment, tender: Tender, now: dt.datetime) -> Amendment:
    change.tender_id, change.proposed_at, change.moved = tender.id, now, []
    db.session.add(change)
    db.session.flush()
    return change


def proposed(actor: Actor, code: str, number: int) -> Amendment:
    """A change that waits for the owner's signature; NotFound for everybody outside the project."""
    tender = tender_of(code)
    visibility.check_project(tender, actor)
    found = db.session.get(Amendment, number, with_for_update=True)
    if found is None or found.tender_id != tender.id or found.published_at is not None:
        raise NotFound("amendment.unknown", "没有待签署的变更。", "No change waits to be signed.", rule=RULE)
    return found


def sheet(change: Amendment, now: dt.datetime) -> list[ToSign]:
    """What the owner signs: the change with all its new deadlines, and the timetable of each lot that moves."""
    moved = changes.moved_deadlines(change.tender, now)
    return [_statement(change, {lot.code: at for lot, at in moved}), *(_timetable(lot, at) for lot, at in moved)]


def _timetable(lot: Lot, at: dt.datetime) -> ToSign:
    return statements.timetable(lot.code, lot.keyset_sha256 or "", at)


def _statement(change: Amendment, moved: Mapping[str, dt.datetime]) -> ToSign:
    content = {
        "type": TYPE,
        "tender": change.tender.code,
        "what": change.what,
        "subject": change.subject,
        "sha256": change.sha256,
        "closes_at": {code: rfc3339(at) for code, at in moved.items()},
    }
    words = Words(
        f"发布变更（哈希 {change.sha256[:16]}…）：{change.text[:200]}",
        f"A change is published (hash {change.sha256[:16]}…): {change.text[:200]}",
    )
    return ToSign(TYPE, canonical.encode(content), words)


@holds("clarification_published:bids_due")
def publish(actor: Actor, change: Amendment, signed: list[Signed], now: dt.datetime) -> Amendment:
    """Move the deadlines and publish the change, all or nothing. Bids sealed so far stay valid: no keyset changes."""
    tender = change.tender
    visibility.check_project(tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    db.session.refresh(tender, with_for_update=True)
    changes.check_collecting(tender)
    statement = _read(change, signed)
    moved = [_moved(actor, lot, signed, now) for lot in tender.lots if _named(lot, signed)]
    _same(statement, moved)
    changes.check_may_change(tender, now)
    _carry_out(actor, change, now)
    change.file, change.sig, change.moved = statement.raw, keys.b64(statement.sig), moved
    telling.tell(change, now)
    log.append(
        facts.AmendmentPublished(tender=tender.code, file=keys.b64(statement.raw), sig=keys.b64(statement.sig)),
        lot=tender.code,
    )
    _watch(change)
    records.acted(actor, f"amendment.published {change.what}", now, cert_sha256=canonical.sha(tender.cert or b""))
    publishing.queue(tender.code)
    return change


def _read(change: Amendment, signed: list[Signed]) -> Signed:
    """The statement of this very change, signed by the owner's key of every lot."""
    for one in signed:
        content = _content(one)
        if content.get("type") != TYPE:
            continue
        same = (content.get("tender"), content.get("sha256"), content.get("subject")) == (
            change.tender.code, change.sha256, change.subject,
        )  # fmt: skip
        if same and all(one.signed_by(keys.parse((lot.fact_keys or {})["owner"])) for lot in change.tender.lots):
            return one
    raise Invalid(
        "amendment.signature",
        "缺少招标人密钥对本次变更的签名。",
        "The owner's key has not signed this change.",
        rule=RULE,
        fields={"signatures": "missing"},
    )


def _content(one: Signed) -> Mapping[str, object]:
    try:
        value = canonical.decode(one.raw)
    except ValueError as error:
        raise statements.unsigned() from error
    return value if isinstance(value, dict) else {}


def _named(lot: Lot, signed: list[Signed]) -> bool:
    return any(_content(one).get("lot") == lot.code for one in signed)


def _moved(actor: Actor, lot: Lot, signed: list[Signed], now: dt.datetime) -> dict[str, str]:
    mine = next(one for one in signed if _content(one).get("lot") == lot.code)
    return extension.moved(actor, lot, mine, now)


def _same(statement: Signed, moved: list[dict[str, str]]) -> None:
    """The statement names exactly the deadlines that move."""
    said = _content(statement).get("closes_at")
    if said != {one["lot"]: one["now"] for one in moved}:
        raise Conflict(
            "amendment.other_deadlines",
            "变更所写的截止时间与时间表不一致，请重新核对签署。",
            "The change names other deadlines than the timetables: read and sign again.",
            rule=RULE,
        )


def _carry_out(actor: Actor, change: Amendment, now: dt.datetime) -> None:
    match change.what:
        case "answer":
            reply = Reply(change.text, bears_on_bids=True, told=True)
            questions.answer(actor, change.tender, change.subject, reply, now)
        case _:
            documents.publish_stored(actor, change.tender, change.subject, _stored(change), now)


def _stored(change: Amendment) -> documents.Stored:
    assert change.blob_key is not None, "a proposed document has its bytes"
    assert change.size is not None
    return documents.Stored(change.blob_key, change.size, change.sha256)


def _watch(change: Amendment) -> None:
    """S05: a change so late that the deadline had to move."""
    for one in change.moved:
        alert("S05", "yellow", "timeliness", {"change": change.sha256, **one}, lot=one["lot"])


@holds("site_visit")
def announce_visit(actor: Actor, tender: Tender, place: str, at: str, now: dt.datetime) -> Amendment:
    """A site visit is announced to all with its place and time: there is no way to name whom (C21)."""
    visibility.check_project(tender, actor)
    actor.take_part(Part.PREPARE)
    changes.check_collecting(tender)
    where, moment = _place(place), _visit_at(at, tender, now)
    text = f"{where} {rfc3339(moment)}"
    change = Amendment(what="visit", subject=where, text=text, sha256=canonical.sha(text.encode()), visit_at=moment)
    log.append(facts.VisitAnnounced(tender=tender.code, place=where, visit_at=rfc3339(moment), at=rfc3339(now)))
    records.acted(actor, "visit.announced", now)
    publishing.queue(tender.code)
    return telling.tell(_proposed(change, tender, now), now)


def _place(place: str) -> str:
    found = " ".join(place.split())
    if not 2 <= len(found) <= 200:
        raise _visit("请写明集合地点（2 至 200 字）。", "Say where to meet, in 2 to 200 characters.", "place")
    return found


def _visit_at(text: str, tender: Tender, now: dt.datetime) -> dt.datetime:
    try:
        found = parse_rfc3339(text)
    except ValueError as error:
        raise _visit("请填写日期和时间。", "Enter a date and a time.", "visit_at") from error
    if not now < found < min(lot.closes_at for lot in tender.lots if lot.closes_at is not None):
        raise _visit("踏勘时间须在投标截止之前。", "The visit comes before the deadline for bids.", "visit_at")
    return found


def _visit(zh: str, en: str, field: str) -> Invalid:
    return Invalid("visit.invalid", zh, en, rule=VISIT_RULE, fields={field: zh})
