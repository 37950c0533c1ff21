"""The papers of a lot: made, shown, and signed by whom they bind. A signature completes a step and moves the lot."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import func, select

from accounts import certificates, records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound
from kernel.law import holds
from kernel.statements import Signed
from supervision import contract_facts, log
from tendering import publishing, visibility
from tendering.contracts import course, messages, reporting
from tendering.contracts.models import Paper
from tendering.documents import Stored
from tendering.lifecycle import move
from tendering.models import Lot
from tendering.statements import ToSign
from tendering.states import LotEvent, LotState

REPORT, CONTRACT, CHANGE, ACCEPTANCE = "report", "contract", "change", "acceptance"
RULE = "《招标投标法》第四十六条；《政府采购法》第四十六条"


def owner_signs(actor: Actor, lot: Lot) -> None:
    """Only who signs for the lot's owner."""
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)


def current(lot: Lot, kind: str) -> Paper | None:
    """The last paper of a kind in the round that runs."""
    mine = (Paper.lot == lot.code, Paper.kind == kind, Paper.round == course.round_of(lot.code))
    return db.session.scalars(select(Paper).where(*mine).order_by(Paper.number.desc())).first()


def every(lot: Lot, kind: str) -> list[Paper]:
    wanted = select(Paper).where(Paper.lot == lot.code, Paper.kind == kind).order_by(Paper.number)
    return list(db.session.scalars(wanted))


def needed(lot: Lot, kind: str) -> Paper:
    """The same; Conflict while there is none."""
    found = current(lot, kind)
    if found is None:
        raise Conflict("paper.missing", "尚未提交该文件。", "That paper was not handed in yet.", rule=RULE, kind=kind)
    return found


def signed_contract(lot: Lot) -> Paper | None:
    """The contract that both sides signed."""
    found = current(lot, CONTRACT)
    return found if found is not None and found.owner_sig and found.winner_sig else None


def enter(lot: Lot, kind: str, item: ToSign, stored: tuple[str, Stored] | None, now: dt.datetime) -> Paper:
    """A new paper; `stored` is the name and the bytes of the document behind it."""
    number = (
        db.session.scalar(select(func.max(Paper.number)).where(Paper.lot == lot.code, Paper.kind == kind)) or 0
    ) + 1
    made = Paper(
        lot=lot.code,
        kind=kind,
        number=number,
        round=course.round_of(lot.code),
        file=item.raw,
        sha256=item.sha256,
        made_at=now,
    )
    if stored is not None:
        made.name, made.blob_key = stored[0], stored[1].blob_key
        made.document_sha256, made.size = stored[1].sha256, stored[1].size
    db.session.add(made)
    db.session.flush()
    return made


@holds("award:report_to_supervisor")
def sign_report(actor: Actor, lot: Lot, signed: Signed, now: dt.datetime) -> Paper:
    """The owner's written report, as the platform wrote it from the record (C54)."""
    owner_signs(actor, lot)
    item = reporting.statement(lot)
    _check_owner_signed(lot, signed, item.raw)
    made = enter(lot, REPORT, item, None, now)
    made.owner_sig, made.owner_at = keys.b64(signed.sig), now
    fact = contract_facts.AwardReported(
        lot=lot.code, round=made.round, report_sha256=made.sha256, sig=made.owner_sig, at=rfc3339(now)
    )
    log.append(fact)
    records.acted(actor, "award.reported", now, lot=lot.code)
    return made


def confirm_contract(actor: Actor, lot: Lot, signed: Signed, cert_der: bytes, now: dt.datetime) -> Paper:
    """The winner's signature under the contract, by a certificate of its organization."""
    actor.act_as(Role.BIDDER)
    actor.take_part(Part.SIGN)
    notice = messages.notice_of(lot.code)
    if notice is None or notice.organization != actor.organization_id:
        raise NotFound("contract.not_yours", "没有待您单位确认的合同。", "No contract waits for you.", rule=RULE)
    paper = _open_contract(lot)
    if signed.raw != paper.file or not signed.signed_by(certificates.signer(actor, cert_der, now)):
        raise _not_signed()
    paper.winner_sig, paper.winner_cert, paper.winner_at = keys.b64(signed.sig), cert_der, now
    records.acted(actor, "contract.confirmed", now, lot=lot.code, cert_sha256=canonical.sha(cert_der))
    return paper


def sign_contract(actor: Actor, lot: Lot, signed: Signed, now: dt.datetime) -> Paper:
    """The owner signs last: with it the contract stands, and is public (C55, G39)."""
    owner_signs(actor, lot)
    paper = _open_contract(lot)
    if paper.winner_sig is None:
        raise Conflict("contract.unconfirmed", "中标人尚未确认合同。", "The winner has not confirmed yet.", rule=RULE)
    _check_owner_signed(lot, signed, paper.file)
    paper.owner_sig, paper.owner_at = keys.b64(signed.sig), now
    move(lot, LotEvent.CONTRACT, actor, now, ["price and period as bid", "both sides signed"])
    log.append(_contract_fact(lot, paper, now))
    records.acted(actor, "contract.signed", now, lot=lot.code)
    return paper


def _open_contract(lot: Lot) -> Paper:
    if lot.state != LotState.AWARDED:
        raise Conflict(
            "contract.wrong_state", "标段不在待签合同阶段。", "No contract is signed on this lot now.", rule=RULE
        )
    return needed(lot, CONTRACT)


def _contract_fact(lot: Lot, paper: Paper, now: dt.datetime) -> contract_facts.ContractSigned:
    said: dict[str, Any] = canonical.decode(paper.file)
    assert paper.owner_sig is not None
    assert paper.winner_sig is not None
    assert paper.winner_cert is not None
    assert paper.document_sha256 is not None
    return contract_facts.ContractSigned(
        lot=lot.code,
        bid_id=said["bid_id"],
        price=said["price"],
        period_days=said["period_days"],
        contract_sha256=paper.document_sha256,
        file=keys.b64(paper.file),
        sig_owner=paper.owner_sig,
        sig_winner=paper.winner_sig,
        winner_cert=keys.b64(paper.winner_cert),
        at=rfc3339(now),
    )


@holds("T25")
def sign_acceptance(actor: Actor, lot: Lot, signed: Signed, now: dt.datetime) -> Paper:
    """The owner signs that the work was accepted: the contract is fulfilled."""
    owner_signs(actor, lot)
    paper = needed(lot, ACCEPTANCE)
    _check_owner_signed(lot, signed, paper.file)
    paper.owner_sig, paper.owner_at = keys.b64(signed.sig), now
    move(lot, LotEvent.FULFILL, actor, now, ["acceptance signed"])
    fact = contract_facts.ContractFulfilled(
        lot=lot.code, file=keys.b64(paper.file), sig=paper.owner_sig, at=rfc3339(now)
    )
    log.append(fact)
    records.acted(actor, "contract.fulfilled", now, lot=lot.code)
    publishing.queue(lot.tender.code)
    return paper


def _check_owner_signed(lot: Lot, signed: Signed, raw: bytes) -> None:
    if signed.raw != raw:
        raise _not_signed()
    if not signed.signed_by(keys.parse((lot.fact_keys or {})["owner"])):
        raise Forbidden(
            "statement.other_key",
            "签名不是本标段密钥组中招标人的密钥所作。",
            "The signature is not by the owner's key of this lot's keyset.",
            rule="sealing.md 1.1 fact_keys",
        )


def _not_signed() -> Invalid:
    return Invalid(
        "paper.other_terms",
        "所签内容与当前文件不一致，请刷新后重新核对。",
        "What was signed is not the paper as it stands: reload and read it again.",
        rule=RULE,
        fields={"signature": "other"},
    )
