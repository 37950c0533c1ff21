"""The opening record: what happened, what was read, whose signatures opened it; signed, disclosed, published.

All of the last step is one commit: record, facts, disclosures, the lot's move, and the order to publish the files. A
crash before it leaves an opening whose window has passed, which the next step ends; after it the outbox publishes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from accounts import certificates
from accounts.actor import Actor
from accounts.roles import Role
from bidding import baseprice, events, lots, nodes, opening, readout, related, releases
from bidding.models import Admission, Bid, Opened, Opening, Release
from bidding.states import OpeningStep, Outcome
from escrow import standing
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.errors import Forbidden, Invalid, NotFound
from kernel.keys import PublicKey, b64, parse, spell, unb64, verified
from kernel.law import holds
from kernel.site import site
from kernel.statements import Signed
from supervision import facts, log, mail
from supervision.facts import Disclosure
from tendering import keysets
from tendering.lifecycle import move
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.states import CLOCK, LotEvent
from tendering.visibility import check_project

TYPE = "kaibiao-opening-record/1"
OWNER, SUPERVISOR, OFFICER = "owner", "supervisor", "officer"
"""Whose signatures stand under a record beside the platform's; an officer's personal one is no key of the keyset."""
RULE = "《电子招标投标办法》第三十二条"


def end_due(now: datetime) -> bool:
    """End one opening: every line confirmed or its window over, and every objection answered."""
    with transaction():
        query = select(Opening.lot).where(Opening.step == OpeningStep.CONFIRMING).order_by(Opening.flipped_at)
        for code in db.session.scalars(query).all():
            lot, running = lots.locked(code), opening.of_lot(code)
            assert running is not None
            if _over(running, now) and not readout.unanswered(code) and not _may_still_be_enough(lot, now):
                _end(lot, running, now)
                return True
    return False


def renew_due(now: datetime) -> bool:
    """A new version of one record that lacks what was read out after it; the versions before stay readable beside it."""
    read_since = (Opening.step == OpeningStep.RECORD, Opened.read_out_at >= Opening.ended_at)
    with transaction():
        query = select(Opening.lot).join(Opened, Opened.lot == Opening.lot).where(*read_since).distinct()
        for code in db.session.scalars(query).all():
            lot, running = lots.locked(code), opening.of_lot(code)
            assert running is not None
            if _says_less(running) and all(row.read_out_at for row in opening.outcomes(code)):
                assert running.record is not None
                running.earlier = [*running.earlier, {"record": b64(running.record), "sigs": running.record_sigs}]
                _write(lot, running, now)
                return True
    return False


def sign(actor: Actor, lot_code: str, sig: str, cert_der: bytes, now: datetime) -> Opening:
    """The owner signs the record's exact bytes with the key of the keyset; an officer of the authority may add a name.

    The supervising authority's own signature comes from its node (`take_signature`).
    """
    running = opening.of_lot(lot_code)
    if running is None or running.record is None:
        raise NotFound("record.missing", "尚无开标记录。", "There is no opening record yet.", rule=RULE)
    lot = lots.find(lot_code)
    by, key = _signer_name(actor, lot), certificates.signer(actor, cert_der, now)
    if by == OWNER and spell(key) != lots.keyset(lot).fact_keys.owner:
        raise Forbidden(
            "record.other_key",
            "须用公告密钥组中招标人的密钥签署开标记录。",
            "The owner signs the record with the key that the keyset names.",
            rule="sealing.md 1.1 fact_keys；1.6",
        )
    if not _signs(sig, running.record, key):
        raise Invalid(
            "record.signature", "对开标记录的签名无效。", "The signature over the record is not valid.", rule=RULE
        )
    _add(lot_code, running, by, sig)
    return running


def take_signature(node: str, body: dict[str, Any], now: datetime) -> None:  # noqa: ARG001  one form for all answers
    """The supervising authority's signature, made by its node over a record that it compared with the log.

    One over a version that was replaced in the meantime is too late: the next version was sent for signing, too.
    """
    lot = lots.locked(str(body.get("lot")))
    running = opening.of_lot(lot.code)
    if running is None or running.record is None or body.get("record_sha256") != canonical.sha(running.record):
        return
    sig, key = str(body.get("sig")), lots.keyset(lot).fact_keys.supervisor
    if not _signs(sig, running.record, parse(key)):
        raise nodes.malformed("it is not the supervising authority's signature over the record")
    if (running.record_sigs or {}).get(SUPERVISOR) != sig:
        _add(lot.code, running, SUPERVISOR, sig)


def _signs(sig: str, raw: bytes, key: PublicKey) -> bool:
    try:
        return verified(unb64(sig), raw, key)
    except ValueError:
        return False


def _add(lot_code: str, running: Opening, by: str, sig: str) -> None:
    running.record_sigs = {**(running.record_sigs or {}), by: sig}
    _log_record(lot_code, running)
    events.published_anew(lot_code)
    db.session.flush()


def _over(running: Opening, now: datetime) -> bool:
    assert running.confirm_until is not None
    if not all(row.read_out_at for row in opening.outcomes(running.lot)):
        return False  # a bid cleared in the meantime is read out first
    return now >= running.confirm_until or not readout.unconfirmed(running.lot)


def _says_less(running: Opening) -> bool:
    """Whether a bid's outcome is no longer what the record says."""
    assert running.record is not None
    told = {row["bid_id"]: row["outcome"] for row in canonical.decode(running.record)["bids"]}
    return told != {row.bid_id: row.outcome.value for row in opening.outcomes(running.lot)}


def _readable(lot: Lot) -> int:
    """Bids read out; where nothing is, those that t trustees released to the team."""
    if lots.for_team(lot):
        admitted = releases.admission(lot.code, lots.first_stage(lot).name)
        return len(admitted.bids) if admitted else 0
    lot_code = lot.code
    return sum(row.outcome is Outcome.OPENED for row in opening.outcomes(lot_code))


def _may_still_be_enough(lot: Lot, now: datetime) -> bool:
    """Too few were read so far, but a bid that is set aside may still be cleared and make them enough."""
    minimum = boxes.least(lot).value
    assert minimum is not None
    aside = sum(row.outcome is Outcome.SET_ASIDE for row in opening.outcomes(lot.code))
    read = _readable(lot)
    return read < minimum <= read + aside and lots.moments(lot).may_clear(now)


def _write(lot: Lot, running: Opening, now: datetime) -> None:
    """Make, sign, log and publish the record as the opening stands now."""
    bids = related.opened_bids(lot.code)
    related.alert(lot, bids, now)
    standing.state(lot, bids, now)
    signed = Signed.make(content(lot, running, bids, now), site().key("platform"))
    running.record, running.record_sigs = signed.raw, {"platform": b64(signed.sig)}
    running.step, running.ended_at = OpeningStep.RECORD, now
    _log_record(lot.code, running)
    mail.post([keysets.supervising(mail.policy()).name], "record.sign", {"lot": lot.code, "file": b64(signed.raw)})
    events.published_anew(lot.code)
    db.session.flush()


def _end(lot: Lot, running: Opening, now: datetime) -> None:
    _write(lot, running, now)
    log.disclose_lot(lot.code, Disclosure.AT_OPENING, now)
    events.step(lot.code, OpeningStep.RECORD, now)
    _move_on(lot, now)
    events.tell(lot.code, "opening.ended", now)


def _move_on(lot: Lot, now: datetime) -> None:
    """Fewer readable bids than the law asks end the procedure here (T15)."""
    minimum = boxes.least(lot)
    read = _readable(lot)
    assert minimum.value is not None
    if read >= minimum.value:
        move(lot, LotEvent.END_OPENING, CLOCK, now, ["record signed", "objections answered"])
        return
    reason = f"可读取的投标 {read} 份，少于 {minimum.value} 份"
    move(lot, LotEvent.UNREADABLE, CLOCK, now, [f"readable {read} < {minimum.value}"])
    log.append(facts.TenderFailed(lot=lot.code, reason=reason, law=minimum.clause), lot=lot.code)


def _log_record(lot_code: str, running: Opening) -> None:
    assert running.record is not None
    signatures = tuple(facts.RecordSignature(by=by, sig=sig) for by, sig in sorted((running.record_sigs or {}).items()))
    digest = canonical.sha(running.record)
    log.append(facts.OpeningRecord(lot=lot_code, record_sha256=digest, signatures=signatures), lot=lot_code)


def _signer_name(actor: Actor, lot: Lot) -> str:
    if Role.SUP in actor.roles:
        actor.act_as(Role.SUP)
        return OFFICER
    role = check_project(lot.tender, actor, Role.OWNER)
    if role is not Role.OWNER:
        raise Forbidden("record.signer", "由招标人和监管部门签署。", "Owner and supervising authority sign.", rule=RULE)
    return OWNER


@holds("read_out", "opening_record")
def content(lot: Lot, running: Opening, bids: Sequence[standing.Bidding], now: datetime) -> dict[str, Any]:
    """Everything rules.md 1.10 (6) asks for; money and moments in their wire forms."""
    roll = releases.final_roll(lot.code)
    stage = lots.first_stage(lot).name
    admitted = releases.admission(lot.code, stage)
    assert roll is not None
    assert admitted is not None
    return {
        "type": TYPE,
        "version": len(running.earlier) + 1,
        "replaces": _sha_of_last(running),
        "tender": lot.tender.code,
        "lot": lot.code,
        "name": lot.name,
        "place": site().settings.origin,
        **_moments(lot, running, now),
        "started": running.started,
        "missing_nodes": opening.not_released(lot),
        "roll": {"seq": roll.seq, "root": roll.root, "count": roll.count, "cut_size": roll.cut_size},
        "admitted": _admitted(admitted),
        "releases": [_release(row) for row in releases.every(lot.code, stage)],
        "bids": [_bid(row) for row in opening.outcomes(lot.code)],
        "base_price": baseprice.told(lot),
        "objections": _objections(lot.code),
        "deposits": [row.to_json() for row in standing.lines(lot, bids)],
    }


def _sha_of_last(running: Opening) -> str | None:
    return canonical.sha(unb64(running.earlier[-1]["record"])) if running.earlier else None


def _moments(lot: Lot, running: Opening, now: datetime) -> dict[str, str | None]:
    assert lot.closes_at is not None
    assert lot.opens_at is not None
    started = rfc3339(running.started_at) if running.started_at else None
    return {
        "closes_at": rfc3339(lot.closes_at),
        "opens_at": rfc3339(lot.opens_at),
        "started_at": started,
        "ended_at": rfc3339(now),
    }


def _admitted(found: Admission) -> dict[str, Any]:
    return {"stage": found.stage, "bids": found.bids, "set_aside": found.set_aside}


def _release(row: Release) -> dict[str, Any]:
    return {"node": row.node, "i": row.i, "number": row.number, "sha256": canonical.sha(row.file), "sig": b64(row.sig)}


def _bid(row: Opened) -> dict[str, Any]:
    bid = db.session.get_one(Bid, row.bid)
    return {
        "line": row.line,
        "bid_id": row.bid_id,
        "manifest_sha256": bid.manifest_sha256,
        "received_at": rfc3339(bid.received_at),
        "opened_at": rfc3339(row.opened_at),
        "outcome": row.outcome.value,
        "sheet_sha256": canonical.sha(row.plain) if row.plain else None,
        "sheet": canonical.decode(row.plain) if row.plain else None,
        "finding": row.finding,
        "confirmed_at": rfc3339(row.confirmed_at) if row.confirmed_at else None,
    }


def _objections(lot_code: str) -> list[dict[str, Any]]:
    lines = {row.bid: row.line for row in opening.outcomes(lot_code)}
    return [
        {
            "line": lines.get(row.bid),
            "words": row.words,
            "raised_at": rfc3339(row.raised_at),
            "answer": row.answer,
            "answered_at": rfc3339(row.answered_at) if row.answered_at else None,
        }
        for row in readout.objections(lot_code)
    ]
