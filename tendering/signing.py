"""Publishing: the owner signs the exact notice, keysets and timetables, and in one transaction all of it becomes fact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from accounts import records
from accounts import service as accounts
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, Words
from kernel.statements import Signed
from supervision import facts, log
from tendering import agency, checklist, drafts, keysets, notices, packs, publishing, rounds, statements, visibility
from tendering.checklist import LotView, Obstacle, TenderView
from tendering.filing import intents
from tendering.filing import service as filing
from tendering.invitations import service as invitations
from tendering.invitations import source
from tendering.lifecycle import move, move_tender
from tendering.models import Lot, Tender
from tendering.offers import drafting
from tendering.offers import terms as offers
from tendering.prequal import beginning as prequal
from tendering.quotes import checks
from tendering.statements import ToSign
from tendering.states import TenderEvent

RULE = "《电子招标投标办法》第四十条；sealing.md 1.1"


def obstacles(tender: Tender, now: dt.datetime) -> list[Obstacle]:
    """All that keeps this draft from being published at `now`; empty when nothing does.

    A box for final quotes comes after the notice: it has no row in the draft.
    """
    terms = tender.draft.get("lots") or []
    view = TenderView(
        pack=packs.load(tender.pack_id),
        notice=tender.draft,
        lots=[
            LotView(lot.number, row, lot.closes_at, keysets.obstacles(lot))
            for lot, row in zip(tender.lots, terms, strict=False)
        ],
        documents=[document.name for document in tender.documents],
    )
    invited = [*invitations.obstacles(tender), *source.obstacles(tender, now)]
    return [
        *checklist.obstacles(view, now),
        *invited,
        *agency.obstacles(tender, now),
        *filing.obstacles(tender),
        *rounds.obstacles(tender),
        *drafting.obstacles(tender, now),
        *prequal.obstacles(tender, now),
        *checks.obstacles(tender),
    ]


def signing_sheet(tender: Tender) -> list[ToSign]:
    """What the owner signs to publish: the notice, and each lot's keyset and timetable. Conflict before keys and times are set."""
    if not tender.lots or any(
        lot.keyset is None or (lot.closes_at is None and not _untimed(lot)) for lot in tender.lots
    ):
        raise Conflict(
            "sheet.not_ready",
            "密钥组或投标截止时间尚未就绪，还不能签署。",
            "Keys or deadlines are not ready: nothing can be signed yet.",
            rule=RULE,
        )
    notice = notices.encode(tender)
    words = Words(
        f"招标公告《{tender.title}》及其 {len(tender.documents)} 份文件的哈希。",
        f"The notice “{tender.title}” with the hashes of its {len(tender.documents)} documents.",
    )
    sheet = [ToSign(statements.NOTICE, notice, words)]
    for lot in tender.lots:
        sheet += _of_lot(lot)
    return sheet


def publish(actor: Actor, tender: Tender, signatures: Mapping[str, str], cert_der: bytes, now: dt.datetime) -> Tender:
    """Publish the notice; `signatures` maps each statement's hash to base64. Refused with the whole checklist if anything is missing."""
    visibility.check_project(tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    drafts.check_draft(tender)
    db.session.refresh(tender, with_for_update=True)
    _refuse_obstacles(obstacles(tender, now))
    key = accounts.signer(actor, cert_der, now)
    _check_key(tender, keys.spell(key))
    signed = {item.sha256: _signed(item, signatures, key) for item in signing_sheet(tender)}
    for lot in tender.lots:
        _take_terms(lot, [signed[item.sha256] for item in _of_lot(lot)])
    intents.check_early(tender, now)
    _enter(actor, tender, signed[canonical.sha(notices.encode(tender))], cert_der, now)
    _record(actor, tender, now)
    rounds.published(actor, tender, now)
    records.acted(actor, "notice.published", now, cert_sha256=canonical.sha(cert_der))
    publishing.queue(tender.code)
    return tender


def _of_lot(lot: Lot) -> list[ToSign]:
    """Keyset and timetable; with a pre-qualification the timetable comes with its result."""
    assert lot.keyset is not None
    assert lot.keyset_sha256 is not None
    keyset = statements.keyset(lot.code, lot.keyset, lot.keyset_version)
    if _untimed(lot):
        return [keyset]
    assert lot.closes_at is not None
    return [keyset, statements.timetable(lot.code, lot.keyset_sha256, lot.closes_at)]


def _untimed(lot: Lot) -> bool:
    return prequal.is_due(lot.tender)


def _take_terms(lot: Lot, signed: list[Signed]) -> None:
    lot.keyset_owner_sig = keys.b64(signed[0].sig)
    for timetable in signed[1:]:
        lot.timetable, lot.timetable_sig = timetable.raw, keys.b64(timetable.sig)


def _refuse_obstacles(found: list[Obstacle]) -> None:
    if found:
        raise Conflict(
            "notice.obstacles",
            "还不能发布：" + "".join(obstacle.zh for obstacle in found),
            "Not ready to be published: " + " ".join(obstacle.en for obstacle in found),
            rule=found[0].rule,
            obstacles=[vars(obstacle) for obstacle in found],
        )


def _check_key(tender: Tender, spelled: str) -> None:
    if any((lot.fact_keys or {}).get("owner") != spelled for lot in tender.lots):
        raise Forbidden(
            "sheet.other_key",
            "须用申请密钥组时的同一证书签署。",
            "Sign with the certificate with which the keys were asked for.",
            rule=RULE,
        )


def _signed(item: ToSign, signatures: Mapping[str, str], key: keys.PublicKey) -> Signed:
    text = signatures.get(item.sha256)
    if text is None:
        raise Conflict(
            "sheet.changed",
            "签署清单与当前草稿不一致，请重新打开签署页。",
            "The sheet that was signed is not that of the present draft: open it again.",
            rule=RULE,
            missing=item.sha256,
        )
    try:
        signed = Signed(item.raw, keys.unb64(text))
    except ValueError as error:
        raise _bad_signature(item) from error
    if not signed.signed_by(key):
        raise _bad_signature(item)
    return signed


def _bad_signature(item: ToSign) -> Invalid:
    return Invalid(
        "sheet.signature",
        f"签名不成立：{item.words.zh}",
        f"A signature does not verify: {item.words.en}",
        rule=RULE,
        fields={"signatures": item.sha256},
    )


def _enter(actor: Actor, tender: Tender, notice: Signed, cert_der: bytes, now: dt.datetime) -> None:
    """Two owners' people publishing at once, or one filing again meanwhile: one moves the tender, the other finds it moved."""
    move_tender(
        tender,
        TenderEvent.PUBLISH,
        actor,
        now,
        ["obstacles: none", "plan as filed"],
        published_at=now,
        pack_sha256=packs.load(tender.pack_id).sha256,
        notice=notice.raw,
        notice_sig=keys.b64(notice.sig),
        notice_sha256=notice.sha256,
        cert=cert_der,
    )


def _record(actor: Actor, tender: Tender, now: dt.datetime) -> None:
    log.append(_notice_fact(tender, now), lot=tender.code)
    for lot in tender.lots:
        log.append(_keyset_fact(lot))
        if _untimed(lot):
            prequal.begin(actor, lot, now)
            continue
        assert lot.timetable is not None
        assert lot.timetable_sig is not None
        log.append(facts.Timetable(lot=lot.code, file=keys.b64(lot.timetable), sig=lot.timetable_sig))
        move(lot, offers.first_move(packs.load(tender.pack_id)), actor, now, ["obstacles: none"])


def _keyset_fact(lot: Lot) -> facts.Keyset:
    assert lot.keyset is not None
    return facts.Keyset(
        lot=lot.code,
        version=lot.keyset_version,
        file=keys.b64(lot.keyset),
        sig_owner=lot.keyset_owner_sig or "",
        sig_supervisor=lot.keyset_supervisor_sig or "",
    )


def _notice_fact(tender: Tender, now: dt.datetime) -> facts.NoticePublished:
    agency = drafts.organization(tender.agency_org).name if tender.agency_org else None
    return facts.NoticePublished(
        tender=tender.code,
        trade=tender.trade,
        method=tender.method,
        title=tender.title,
        pack=tender.pack_id,
        pack_sha256=tender.pack_sha256 or "",
        owner=drafts.organization(tender.owner_org).name,
        agency=agency,
        notice_sha256=tender.notice_sha256 or "",
        documents=tuple(facts.Document(name=one.name, size=one.size, sha256=one.sha256) for one in tender.documents),
        lots=tuple(_lot_part(lot) for lot in tender.lots),
        practice=tender.practice,
        at=rfc3339(now),
    )


def _lot_part(lot: Lot) -> facts.NoticeLot:
    ceiling = None if lot.ceiling_fen is None else money.wire(money.Fen(lot.ceiling_fen))
    return facts.NoticeLot(lot=lot.code, name=lot.name, method_sha256=lot.method_sha256 or "", ceiling=ceiling)
