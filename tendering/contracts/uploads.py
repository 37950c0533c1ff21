"""What the owner hands in with a document: the contract, a change of it, the report of acceptance.

Each runs outside a request's transaction: bytes first, then one short transaction; a refusal leaves no bytes behind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from accounts import records
from accounts.actor import Actor
from kernel import canonical, money
from kernel.clock import rfc3339
from kernel.db import transaction
from kernel.errors import Conflict, Invalid
from kernel.money import Fen
from kernel.site import site
from supervision import alerts, contract_facts, log
from tendering import documents, filenames, packs, publishing
from tendering.contracts import course, messages, papers, rules, statements
from tendering.contracts.models import Paper
from tendering.contracts.rules import Bond, Terms
from tendering.documents import Stored
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.packs import Pack
from tendering.states import LotState

DIFFERS = alerts.Point("S24", "red", "content")
Typed = Mapping[str, str]


@dataclass(frozen=True)
class Upload:
    """A file as it arrives."""

    name: str
    chunks: Iterable[bytes]


def contract(actor: Actor, code: str, typed: Typed, upload: Upload, now: dt.datetime) -> Paper:
    """The contract with its price, period and bond; one that is not as bid is refused, and the authority is alerted."""
    try:
        return _stored(
            actor, code, upload, lambda lot, stored: _contract(actor, lot, typed, (upload.name, stored), now)
        )
    except Conflict as refusal:
        if refusal.code == "contract.differs":
            with transaction():
                alerts.once(code, DIFFERS, {"differences": refusal.detail["differences"], "rule": refusal.rule}, now)
        raise


def change(actor: Actor, code: str, typed: Typed, upload: Upload, now: dt.datetime) -> Paper:
    """A later addition, with its reason and text (G40)."""
    return _stored(actor, code, upload, lambda lot, stored: _change(actor, lot, typed, (upload.name, stored), now))


def acceptance(actor: Actor, code: str, upload: Upload, now: dt.datetime) -> Paper:
    """The report of acceptance, to be signed afterwards."""
    return _stored(actor, code, upload, lambda lot, stored: _acceptance(actor, lot, (upload.name, stored), now))


def _stored(actor: Actor, code: str, upload: Upload, enter: Callable[[Lot, Stored], Paper]) -> Paper:
    filenames.media_type(upload.name)
    with transaction(write=False):
        papers.owner_signs(actor, lot_of(code))
    stored = documents.store(upload.name, upload.chunks)
    try:
        with transaction():
            return enter(lot_of(code, lock=True), stored)
    except BaseException:
        site().blobs.delete(stored.blob_key)
        raise


def _contract(actor: Actor, lot: Lot, typed: Typed, file: tuple[str, Stored], now: dt.datetime) -> Paper:
    if lot.state != LotState.AWARDED or messages.notice_of(lot.code) is None:
        raise Conflict(
            "contract.no_notice",
            "中标通知书发出后方可订立合同。",
            "The contract follows the award notice.",
            rule=papers.RULE,
        )
    pack = packs.load(lot.tender.pack_id)
    assert lot.awarded_bid is not None
    terms, bond = _terms(typed), _bond(typed)
    rules.check_as_bid(pack, course.bid_terms(lot, lot.awarded_bid), terms)
    rules.check_bond(pack, terms.price, bond)
    winner = next(row for row in lot.ranking or [] if row["bid_id"] == lot.awarded_bid)
    document = statements.Document(file[0], file[1].sha256)
    made = papers.enter(lot, papers.CONTRACT, statements.contract(lot.code, winner, terms, bond, document), file, now)
    records.acted(actor, "contract.uploaded", now, lot=lot.code)
    return made


def _terms(typed: Typed) -> Terms:
    days = typed.get("period_days", "").strip()
    if days and (not days.isascii() or not days.isdigit() or not 0 < int(days) < 100_000):
        raise _wrong("period_days", "期限请填整数日。", "Give the period in whole days.")
    return Terms(_amount(typed, "price"), int(days) if days else None)


def _bond(typed: Typed) -> Bond:
    if not typed.get("bond", "").strip():
        return Bond(Fen(0), "none")
    amount = _amount(typed, "bond")
    return Bond(amount, typed.get("bond_form", "none") if amount else "none")


def _amount(typed: Typed, name: str) -> Fen:
    text = typed.get(name, "").replace(",", "").strip()
    try:
        return money.parse(text if "." in text else f"{text}.00")
    except ValueError as error:
        raise _wrong(name, "金额请填数字，最多两位小数。", "Give an amount with two decimals.") from error


def _wrong(name: str, zh: str, en: str) -> Invalid:
    return Invalid("contract.form", zh, en, rule=papers.RULE, fields={name: "form"})


def _change(actor: Actor, lot: Lot, typed: Typed, file: tuple[str, Stored], now: dt.datetime) -> Paper:
    base = papers.signed_contract(lot)
    if lot.state != LotState.CONTRACTED or base is None:
        raise Conflict("contract.not_running", "合同不在履行中。", "No contract runs on this lot.", rule=papers.RULE)
    reason, addition = typed.get("reason", "").strip(), _amount(typed, "addition")
    if not 4 <= len(reason) <= 2000:
        raise _wrong("reason", "请写明变更原因（4 至 2000 字）。", "Give the reason in 4 to 2000 characters.")
    _check_addition(packs.load(lot.tender.pack_id), lot, base, addition)
    item = statements.change(lot.code, base.sha256, addition, reason, statements.Document(file[0], file[1].sha256))
    made = papers.enter(lot, papers.CHANGE, item, file, now)
    log.append(
        contract_facts.ContractChanged(
            lot=lot.code,
            number=made.number,
            addition=money.wire(addition),
            reason=reason,
            document_sha256=file[1].sha256,
            at=rfc3339(now),
        )
    )
    records.acted(actor, "contract.changed", now, lot=lot.code)
    publishing.queue(lot.tender.code)
    return made


def _check_addition(pack: Pack, lot: Lot, base: Paper, addition: Fen) -> None:
    earlier = [money.parse(canonical.decode(row.file)["addition"]) for row in papers.every(lot, papers.CHANGE)]
    rules.check_addition(pack, money.parse(canonical.decode(base.file)["price"]), earlier, addition)


def _acceptance(actor: Actor, lot: Lot, file: tuple[str, Stored], now: dt.datetime) -> Paper:
    base = papers.signed_contract(lot)
    if lot.state != LotState.CONTRACTED or base is None:
        raise Conflict("contract.not_running", "合同不在履行中。", "No contract runs on this lot.", rule=papers.RULE)
    item = statements.acceptance(lot.code, base.sha256, statements.Document(file[0], file[1].sha256))
    made = papers.enter(lot, papers.ACCEPTANCE, item, file, now)
    records.acted(actor, "acceptance.uploaded", now, lot=lot.code)
    return made
