"""The second box: made when a negotiation ends, keyed by the nodes, opened for final quotes by the owner's signature."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid
from kernel.statements import Signed
from supervision import facts, log, negotiation_facts
from tendering import keysets, numbering, packs, publishing, statements, visibility
from tendering.codes import TenderCode
from tendering.lifecycle import lot_of, move
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.quotes.models import FinalBox, Quoter
from tendering.statements import ToSign
from tendering.states import LotEvent, LotState


@dataclass(frozen=True)
class Staying:
    """A supplier that may quote: its organization, its party, and the bid it handed in first."""

    organization: int
    party: str
    bid_id: str


@dataclass(frozen=True)
class Called:
    """What the team asks for: until when, counted from the opening of the box, and to which requirements."""

    quote_seconds: int
    requirements_sha256: str


def begin(first: Lot, called: Called, staying: Sequence[Staying]) -> Lot:
    """A new lot of the same tender, with the first one's terms and signers; the nodes are asked for its keys."""
    db.session.refresh(first.tender, with_for_update=True)
    number = max(lot.number for lot in first.tender.lots) + 1
    lot = Lot(
        code=numbering.lot(TenderCode(first.tender.code), number),
        tender_id=first.tender_id,
        number=number,
        name=first.name,
        state=LotState.DRAFT,
        ceiling_fen=first.ceiling_fen,
        method=first.method,
        method_sha256=first.method_sha256,
        timings=dict(first.timings),
        fact_keys=first.fact_keys,
        keyset_version=1,
        given_up={},
    )
    first.tender.lots.append(lot)
    db.session.flush()
    box = FinalBox(lot_id=lot.id, first=first.code, **vars(called))
    box.quoters = [Quoter(organization_id=one.organization, party=one.party, bid_id=one.bid_id) for one in staying]
    db.session.add(box)
    db.session.flush()
    keysets.ask_nodes(lot, lot.keyset_version)
    return lot


def earliest(lot: Lot, now: dt.datetime) -> dt.datetime:
    """The soonest whole second at which the box, opened now, may close: those who stay have the time the team gave them."""
    return _box(lot).moment(now)


def check_ready(lot: Lot) -> None:
    """Conflict unless this is a final box that waits for the purchaser's signature, with its keys made and signed."""
    _box(lot)
    if lot.state != LotState.DRAFT:
        raise Conflict(
            "quotes.called", "最后报价箱已开启。", "The box for final quotes is open already.", rule=_law(lot)
        )
    for missing in keysets.obstacles(lot):
        raise Conflict(missing.code, missing.zh, missing.en, rule=_law(lot))


def sheet(lot: Lot, closes_at: dt.datetime) -> list[ToSign]:
    """What the owner signs to open the box: its keyset and its timetable. Conflict before the keys are ready."""
    check_ready(lot)
    assert lot.keyset is not None
    assert lot.keyset_sha256 is not None
    keyset = statements.keyset(lot.code, lot.keyset, lot.keyset_version)
    return [keyset, statements.timetable(lot.code, lot.keyset_sha256, closes_at)]


def call(actor: Actor, lot_code: str, closes_at: dt.datetime, signatures: Mapping[str, str], now: dt.datetime) -> Lot:
    """Open the box: from this commit on those who stay can seal their final quotes, for as long as the team said."""
    lot = lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    box = _box(lot)
    least = now + dt.timedelta(seconds=box.quote_seconds)
    if closes_at < least:
        raise Conflict(
            "quotes.too_short",
            f"最后报价的时间不得少于小组规定的 {box.quote_seconds} 秒。",
            f"The team gave {box.quote_seconds} seconds for final quotes; this leaves less.",
            rule=_law(lot),
            least=rfc3339(least),
        )
    keyset, moments = (_signed(lot, item, signatures) for item in sheet(lot, closes_at))
    log.append(_keyset_fact(lot, keyset), lot=lot.code)
    log.append(facts.Timetable(lot=lot.code, file=keys.b64(moments.raw), sig=keys.b64(moments.sig)), lot=lot.code)
    log.append(_called_fact(lot, box, now), lot=box.first)
    move(
        lot, LotEvent.FINAL_QUOTES, actor, now, ["negotiation.closed", "keyset signed"],
        keyset_owner_sig=keys.b64(keyset.sig), timetable=moments.raw, timetable_sig=keys.b64(moments.sig),
        closes_at=closes_at, opens_at=closes_at,
    )  # fmt: skip
    records.acted(actor, "quotes.called", now, lot=lot.code, cert_sha256=canonical.sha(lot.tender.cert or b""))
    publishing.queue(lot.tender.code)
    return lot


def _box(lot: Lot) -> FinalBox:
    found = boxes.of(lot)
    if found is None:
        raise Conflict("quotes.none", "本标段不是最后报价箱。", "This lot is no box for final quotes.", rule=_law(lot))
    return found


def _signed(lot: Lot, item: ToSign, signatures: Mapping[str, str]) -> Signed:
    """Each statement with the owner's signature by the key that the notice's keysets named."""
    try:
        signed = Signed(item.raw, keys.unb64(signatures.get(item.sha256, "")))
    except ValueError:
        signed = Signed(item.raw, b"")
    if not signed.signed_by(keys.parse((lot.fact_keys or {})["owner"])):
        raise Invalid(
            "quotes.signature",
            f"缺少采购人密钥的签名：{item.words.zh}",
            f"The purchaser's key has not signed: {item.words.en}",
            rule=_law(lot),
            fields={"signatures": item.sha256},
        )
    return signed


def _keyset_fact(lot: Lot, keyset: Signed) -> facts.Keyset:
    sigs = {"sig_owner": keys.b64(keyset.sig), "sig_supervisor": lot.keyset_supervisor_sig or ""}
    return facts.Keyset(lot=lot.code, version=lot.keyset_version, file=keys.b64(keyset.raw), **sigs)


def _called_fact(lot: Lot, box: FinalBox, now: dt.datetime) -> negotiation_facts.QuotesCalled:
    return negotiation_facts.QuotesCalled(
        lot=box.first, final_lot=lot.code, keyset_sha256=lot.keyset_sha256 or "", at=rfc3339(now)
    )


def _law(lot: Lot) -> str:
    return packs.load(lot.tender.pack_id).clause("final_quotes")
