"""Writing down what was agreed with a single source, and its two signatures: the supplier's, then the purchaser's."""

from __future__ import annotations

import datetime as dt

from accounts import certificates, records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid, NotFound
from kernel.law import holds
from kernel.statements import Signed
from supervision import log
from supervision.agreement_facts import SourceAgreed
from tendering import packs, publishing, visibility
from tendering.agreement import reading, rules
from tendering.agreement.models import SourceAgreement
from tendering.agreement.rules import Agreed, Response
from tendering.invitations.door import is_invited
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.packs import Rule
from tendering.states import LotState

WHILE = (LotState.OPENED, LotState.EVALUATING, LotState.REPORTED)


def write(actor: Actor, lot_code: str, agreed: Agreed, now: dt.datetime) -> SourceAgreement:
    """The project's record; written anew, earlier signatures are gone."""
    lot = lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER, Role.AGENCY)
    rule, offered = _open(lot)
    rules.check(rule, agreed, offered)
    earlier = reading.of(lot)
    if earlier is not None:
        _check_open(earlier, rule)
        db.session.delete(earlier)
        db.session.flush()
    raw = rules.record(lot.code, agreed, offered)
    row = SourceAgreement(
        lot_id=lot.id,
        bid_id=offered.bid_id,
        price=money.wire(agreed.price),
        record=raw,
        file=rules.statement(lot.code, agreed, offered, raw).raw,
        made_at=now,
    )
    db.session.add(row)
    db.session.flush()
    records.acted(actor, "agreement.written", now, lot=lot.code)
    return row


def confirm(actor: Actor, lot_code: str, signed: Signed, cert_der: bytes, now: dt.datetime) -> SourceAgreement:
    """The supplier's signature, by a certificate of its organization."""
    lot = lot_of(lot_code, lock=True)
    row, rule = own(actor, lot), _open(lot)[0]
    actor.take_part(Part.SIGN)
    _check_open(row, rule)
    if signed.raw != row.file or not signed.signed_by(certificates.signer(actor, cert_der, now)):
        raise _other(rule)
    row.supplier_sig, row.supplier_cert, row.supplier_at = keys.b64(signed.sig), cert_der, now
    db.session.flush()
    records.acted(actor, "agreement.confirmed", now, lot=lot.code, cert_sha256=canonical.sha(cert_der))
    return row


def own(actor: Actor, lot: Lot) -> SourceAgreement:
    """The record, for the supplier it was agreed with; NotFound for everybody else."""
    actor.act_as(Role.BIDDER)
    found = reading.of(lot)
    if found is None or not is_invited(lot.tender, actor.organization_id):
        raise NotFound(
            "agreement.none", "没有待您单位确认的协商情况记录。", "No agreement waits for you.", rule="N12.team"
        )
    return found


@holds("N12.team")
def sign(actor: Actor, lot_code: str, signed: Signed, now: dt.datetime) -> SourceAgreement:
    """The purchaser signs last, for those it organized; with it the agreement stands in the log."""
    lot = lot_of(lot_code, lock=True)
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    rule, row = _open(lot)[0], reading.of(lot)
    if row is None or row.supplier_sig is None:
        raise Conflict(
            "agreement.unconfirmed", "供应商尚未签署确认。", "The supplier has not signed yet.", rule=rule.cited
        )
    _check_open(row, rule)
    if signed.raw != row.file or not signed.signed_by(keys.parse((lot.fact_keys or {})["owner"])):
        raise _other(rule)
    row.owner_sig, row.owner_at = keys.b64(signed.sig), now
    db.session.flush()
    log.append(_fact(lot, row, now))
    records.acted(actor, "agreement.signed", now, lot=lot.code)
    publishing.queue(lot.tender.code)
    return row


def _fact(lot: Lot, row: SourceAgreement, now: dt.datetime) -> SourceAgreed:
    return SourceAgreed(
        lot=lot.code,
        bid_id=row.bid_id,
        price=row.price,
        record_sha256=canonical.sha(row.record),
        file=keys.b64(row.file),
        sig_owner=row.owner_sig or "",
        sig_supplier=row.supplier_sig or "",
        supplier_cert=keys.b64(row.supplier_cert or b""),
        at=rfc3339(now),
    )


def _open(lot: Lot) -> tuple[Rule, Response]:
    rule, offered = rules.rule_of(packs.load(lot.tender.pack_id)), reading.response(lot)
    if rule is None or offered is None or lot.state not in WHILE:
        raise Conflict(
            "agreement.not_now",
            "只有单一来源采购在响应开启之后、公示之前协商记录价格。",
            "A price is agreed and recorded for a single source alone: after its opening, before the publicity.",
            rule=rule.cited if rule else None,
        )
    return rule, offered


def _check_open(row: SourceAgreement, rule: Rule) -> None:
    if row.stands:
        raise Conflict(
            "agreement.signed", "双方已签署，不再变更。", "Both sides signed: it changes no more.", rule=rule.cited
        )


def _other(rule: Rule) -> Invalid:
    return Invalid(
        "agreement.other",
        "所签内容与协商情况记录不一致，请刷新后重新核对。",
        "What was signed is not the record as it stands: reload and read it again.",
        rule=rule.cited,
        fields={"signature": "other"},
    )
