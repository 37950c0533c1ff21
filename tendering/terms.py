"""Changed terms of a collecting lot: a new version of its keyset, signed by owner and supervising authority, with a notice.

Moving a deadline leaves sealed bids valid; only this voids them (sealing.md 1.1, log-and-nodes.md 3 Deadline). The
nodes make fresh keys first; nothing changes for anybody before the owner signs keyset, notice and timetable together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys, outbox
from kernel.db import db
from kernel.errors import Conflict, Invalid, NotFound
from kernel.statements import Signed
from supervision import facts, log
from tendering import agency, deadlines, keysets, packs, publishing, rules, statements, timetable, visibility
from tendering.amendments import telling
from tendering.amendments.telling import Said
from tendering.lifecycle import lot_of
from tendering.models import Lot, TermsChange
from tendering.statements import ToSign

RULE = "sealing.md 1.1；《招标投标法》第二十三条"
CHANGED = "lot.terms"
"""Outbox: the terms of `lot` changed; bids sealed to earlier ones are void."""


def propose(actor: Actor, lot_code: str, changes: str, now: dt.datetime) -> TermsChange:
    """Ask the nodes for keys of the next version; a proposal that was not issued gives way to this one."""
    lot = _owned(actor, lot_code)
    if not 4 <= len(changes.strip()) <= 2000:
        raise Invalid(
            "terms.words",
            "请用 4 至 2000 字写明变更了什么。",
            "Say in 4 to 2000 characters what changes.",
            rule=RULE,
            fields={"changes": "length"},
        )
    for missing in agency.obstacles(lot.tender, now):
        raise Conflict(missing.code, missing.zh, missing.en, rule=missing.rule)
    assert lot.fact_keys is not None
    last = latest(lot)
    change = TermsChange(
        lot_id=lot.id,
        keyset_version=1 + max(lot.keyset_version, 0 if last is None else last.keyset_version),
        fact_keys=lot.fact_keys,
        changes=changes.strip(),
        asked_at=now,
    )
    db.session.add(change)
    db.session.flush()
    keysets.ask_nodes(lot, change.keyset_version)
    records.acted(actor, "terms.proposed", now, lot=lot.code)
    return change


def latest(lot: Lot) -> TermsChange | None:
    """The last change proposed for the lot, issued or not."""
    found: TermsChange | None = db.session.scalar(
        select(TermsChange).where(TermsChange.lot_id == lot.id).order_by(TermsChange.keyset_version.desc()).limit(1)
    )
    return found


def proposed(lot: Lot) -> TermsChange:
    """The change that waits to be issued; NotFound when none does."""
    found = latest(lot)
    if found is None or found.issued_at is not None:
        raise NotFound("terms.none", "没有待发布的条款变更。", "No change of terms waits to be issued.", rule=RULE)
    return found


def sheet(lot: Lot, closes_at: dt.datetime) -> list[ToSign]:
    """What the owner signs: keyset, notice of the change, and the timetable under the new keyset."""
    change = _ready(lot)
    assert change.keyset is not None
    assert change.keyset_sha256 is not None
    return [
        statements.keyset(lot.code, change.keyset, change.keyset_version),
        statements.alteration(lot.code, change.keyset_version, change.keyset_sha256, change.changes),
        statements.timetable(lot.code, change.keyset_sha256, closes_at),
    ]


def issue(actor: Actor, lot_code: str, closes_at: dt.datetime, signatures: Mapping[str, str], now: dt.datetime) -> Lot:
    """Put the new terms in force: from this commit on bids are sealed to them, and what was sealed before is void."""
    lot = _owned(actor, lot_code)
    change, old = _ready(lot), lot.closes_at
    assert old is not None
    rules.check_later(old - dt.timedelta(seconds=1), closes_at, now)
    pack = packs.load(lot.tender.pack_id)
    timetable.check_in_time(pack, old, now)
    timetable.check_deadline(timetable.earliest_after_change(pack, now), closes_at)
    signed = [_signed(lot, item, signatures) for item in sheet(lot, closes_at)]
    _enter(lot, change, signed, closes_at)
    change.issued_at = now
    _record(lot, signed)
    telling.noted(lot.tender, Said("terms", lot.code, change.changes, signed[0].sha256), now)
    outbox.send(CHANGED, {"lot": lot.code})
    records.acted(actor, "terms.issued", now, lot=lot.code, cert_sha256=canonical.sha(lot.tender.cert or b""))
    publishing.queue(lot.tender.code)
    return lot


def _owned(actor: Actor, lot_code: str) -> Lot:
    """The lot, locked, as its owner who signs sees it while it collects bids."""
    lot = lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    deadlines.check_running(lot)
    return lot


def _ready(lot: Lot) -> TermsChange:
    change = proposed(lot)
    if change.keyset is None or change.keyset_supervisor_sig is None:
        missing = "、".join(keysets.waiting_for(lot, change.keyset_version)) or keysets.SUPERVISING
        raise Conflict(
            "terms.waiting",
            f"新版密钥组尚未就绪，等待：{missing}。",
            f"The keys of the new version are not ready; waiting for: {missing}.",
            rule=RULE,
        )
    return change


def _signed(lot: Lot, item: ToSign, signatures: Mapping[str, str]) -> Signed:
    """Each statement with the owner's signature by the key that the terms in force name."""
    owner = keys.parse((lot.fact_keys or {})["owner"])
    try:
        signed = Signed(item.raw, keys.unb64(signatures.get(item.sha256, "")))
    except ValueError:
        signed = Signed(item.raw, b"")
    if not signed.signed_by(owner):
        raise Invalid(
            "terms.signature",
            f"缺少招标人密钥的签名：{item.words.zh}",
            f"The owner's key has not signed: {item.words.en}",
            rule=RULE,
            fields={"signatures": item.sha256},
        )
    return signed


def _enter(lot: Lot, change: TermsChange, signed: list[Signed], closes_at: dt.datetime) -> None:
    keyset, alteration, moments = signed
    change.alteration, change.alteration_sig = alteration.raw, keys.b64(alteration.sig)
    lot.keyset, lot.keyset_sha256, lot.keyset_version = keyset.raw, keyset.sha256, change.keyset_version
    lot.keyset_owner_sig, lot.keyset_supervisor_sig = keys.b64(keyset.sig), change.keyset_supervisor_sig
    lot.timetable, lot.timetable_sig = moments.raw, keys.b64(moments.sig)
    lot.closes_at = lot.opens_at = closes_at
    db.session.flush()


def _record(lot: Lot, signed: list[Signed]) -> None:
    keyset, alteration, moments = signed
    sigs = {"sig_owner": keys.b64(keyset.sig), "sig_supervisor": lot.keyset_supervisor_sig or ""}
    log.append(facts.Keyset(lot=lot.code, version=lot.keyset_version, file=keys.b64(keyset.raw), **sigs))
    log.append(facts.TermsAltered(lot=lot.code, file=keys.b64(alteration.raw), sig=keys.b64(alteration.sig)))
    log.append(facts.Timetable(lot=lot.code, file=keys.b64(moments.raw), sig=keys.b64(moments.sig)))
