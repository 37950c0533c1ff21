"""The wire forms of tendering."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from accounts.schemas import Bytes, Moment
from kernel.clock import parse_rfc3339
from kernel.money import parse as parse_money
from tendering import listing
from tendering.codes import Trade, is_region
from tendering.rules import LotState, TenderState

String = fields.String


def messages_of(error: ValidationError) -> dict[Any, Any]:
    """What is wrong, by field."""
    found: dict[Any, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow leaves it bare
    return found


class Unfloated(fields.Dict):
    """A JSON object in which no number is a floating-point one: what is hashed holds none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]  # marshmallow leaves it bare
        if _has_float(found):
            raise ValidationError("numbers are integers or decimal strings")
        return found


def _has_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_float, value.values()))
    if isinstance(value, list):
        return any(map(_has_float, value))
    return isinstance(value, float)


def _text(longest: int, **kwargs: Any) -> fields.String:
    return String(validate=[validate.Length(max=longest), _printable], **kwargs)


def _printable(text: str) -> None:
    if any(ord(letter) < 32 and letter not in "\n\r\t" for letter in text) or "\x7f" in text:
        raise ValidationError("control characters are not allowed")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValidationError("not text")


def _instant(text: str) -> None:
    try:
        parse_rfc3339(text)
    except ValueError as error:
        raise ValidationError("an instant looks like 2026-11-23T01:30:00Z") from error


def _amount(text: str) -> None:
    try:
        parse_money(text)
    except ValueError as error:
        raise ValidationError("yuan with two decimals, like 21846300.00") from error


def _region(text: str) -> None:
    if not (text.isascii() and is_region(text)):
        raise ValidationError("six digits of GB/T 2260")


class ContactIn(Schema):
    name = _text(60, load_default="")
    phone = _text(60, load_default="")
    email = _text(120, load_default="")
    address = _text(200, load_default="")


class LotIn(Schema):
    """Terms of one lot. `min_price` is known only so that it can be refused with the rule that forbids it."""

    name = _text(200, load_default="")
    ceiling = String(load_default=None, allow_none=True, validate=_amount)
    min_price = String(allow_none=True, validate=_amount)
    closes_at = String(load_default=None, allow_none=True, validate=_instant)
    method = Unfloated(load_default=None, allow_none=True)


class DraftIn(Schema):
    """A draft; everything but trade, pack, region and title may come later."""

    trade = fields.Enum(Trade, by_value=True, required=True)
    pack = _text(64, required=True)
    region = String(required=True, validate=_region)
    title = _text(300, required=True)
    project = _text(17, allow_none=True)
    project_name = _text(300)
    content = _text(8000)
    scale = _text(2000)
    fund_source = _text(300)
    state_funded = fields.Boolean(truthy={True}, falsy={False})
    qualification = _text(8000)
    consortium_allowed = fields.Boolean(allow_none=True, truthy={True}, falsy={False})
    contact = fields.Nested(ContactIn)
    documents_obtained = _text(2000)
    submission = _text(2000)
    bid_validity_days = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 3650))
    owner_uscc = _text(18, allow_none=True)
    agency_uscc = _text(18, allow_none=True)
    lots = fields.List(fields.Nested(LotIn), validate=validate.Length(max=99))


class ChangesIn(DraftIn):
    """Parts of a draft to replace."""

    trade = fields.Enum(Trade, by_value=True)
    pack = _text(64)
    region = String(validate=_region)
    title = _text(300)


class TenderQuery(Schema):
    q = _text(100, load_default="")
    trade = String(load_default="", validate=validate.OneOf(["", *Trade]))
    state = String(load_default="", validate=validate.OneOf(["", *LotState]))
    region = String(load_default="", validate=validate.Regexp(r"[0-9]{0,6}\Z"))
    sort = String(load_default="published_at", validate=validate.OneOf(list(listing.SORTS)))
    order = String(load_default="desc", validate=validate.OneOf(["asc", "desc"]))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))


class PartyOut(Schema):
    name = String()
    uscc = String()


class DocumentOut(Schema):
    name = String()
    size = fields.Integer()
    sha256 = String()
    media_type = String()
    added_at = Moment()
    after_notice = fields.Boolean()


class LotOut(Schema):
    lot = String()
    tender = String()
    number = fields.Integer()
    name = String()
    state = fields.Enum(LotState, by_value=True)
    ceiling = String(allow_none=True)
    closes_at = Moment(allow_none=True)
    opens_at = Moment(allow_none=True)
    suspended_at = Moment(allow_none=True)
    suspended_cause = String(allow_none=True)
    keyset_sha256 = String(allow_none=True)
    keyset_version = fields.Integer()
    method = fields.Dict(allow_none=True)
    method_sha256 = String(allow_none=True)
    timings = fields.Dict(keys=String(), values=fields.Integer())
    publicity_until = Moment(allow_none=True)
    candidates = fields.List(fields.Dict(), allow_none=True)
    awarded_bid = String(allow_none=True)
    awarded_at = Moment(allow_none=True)


class KeysOut(Schema):
    lot = String()
    version = fields.Integer()
    keyset_sha256 = String(allow_none=True)
    waiting_for = fields.List(String())
    supervisor_signed = fields.Boolean()
    ready = fields.Boolean()


class QuestionOut(Schema):
    question = String()
    answer = String()
    bears_on_bids = fields.Boolean()
    answered_at = Moment()


class PendingQuestionOut(Schema):
    token = String()
    question = String()


class ApprovalOut(Schema):
    act = String()
    reason = String()
    role = String()
    at = Moment()


class TenderOut(Schema):
    """A tender as the viewer may see it; what is not theirs to see is absent."""

    code = String()
    project = String()
    trade = String()
    method = String()
    title = String()
    region = String()
    pack = String()
    pack_sha256 = String(allow_none=True)
    practice = fields.Boolean()
    state = fields.Enum(TenderState, by_value=True)
    created_at = Moment()
    published_at = Moment(allow_none=True)
    owner = fields.Nested(PartyOut)
    agency = fields.Nested(PartyOut, allow_none=True)
    notice = fields.Dict()
    notice_sha256 = String(allow_none=True)
    documents = fields.List(fields.Nested(DocumentOut))
    lots = fields.List(fields.Nested(LotOut))
    keysets = fields.List(fields.Nested(KeysOut))
    questions = fields.List(fields.Nested(QuestionOut))
    pending_questions = fields.List(fields.Nested(PendingQuestionOut))
    draft = fields.Dict()
    approvals = fields.List(fields.Nested(ApprovalOut))


class TenderRowOut(Schema):
    code = String()
    title = String()
    trade = String()
    region = String()
    state = String()
    owner = String()
    lots = fields.Integer()
    published_at = Moment(allow_none=True)
    closes_at = Moment(allow_none=True)
    practice = fields.Boolean()


class TenderListOut(Schema):
    items = fields.List(fields.Nested(TenderRowOut))
    total = fields.Integer()
    page = fields.Integer()
    pages = fields.Integer()


class ObstacleOut(Schema):
    code = String()
    zh = String()
    en = String()
    rule = String()
    field = String()


class WordsOut(Schema):
    zh = String()
    en = String()


class SheetItemOut(Schema):
    type = String()
    lot = String(allow_none=True)
    statement_sha256 = String()
    file = Bytes()
    words = fields.Nested(WordsOut)


class SignatureIn(Schema):
    statement_sha256 = String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    sig = String(required=True, validate=validate.Length(max=100))


class PublishIn(Schema):
    signatures = fields.List(fields.Nested(SignatureIn), required=True, validate=validate.Length(max=400))
    cert = Bytes(required=True, validate=validate.Length(max=16_384))


class KeysIn(Schema):
    cert = Bytes(required=True, validate=validate.Length(max=16_384))


class StatementIn(Schema):
    """A signed file; the certificate is not needed, because the keyset names the key."""

    file = Bytes(required=True, validate=validate.Length(max=65_536))
    sig = Bytes(required=True, validate=validate.Length(equal=64))
    cert = Bytes(load_default=None)


class SigsOut(Schema):
    owner = String()
    supervisor = String()


class CancelIn(Schema):
    reason = _text(2000, load_default="")


class GiveUpIn(Schema):
    bid_id = String(required=True, validate=validate.Regexp(r"[0-9a-f]{32}\Z"))
    reason = _text(2000, required=True)


class QuestionIn(Schema):
    text = _text(4000, required=True)


class AnswerIn(Schema):
    token = String(required=True, validate=validate.Regexp(r"[0-9a-f]{32}\Z"))
    answer = _text(4000, required=True)
    bears_on_bids = fields.Boolean(required=True, truthy={True}, falsy={False})


class AskedOut(Schema):
    token = String()


class PackOut(Schema):
    id = String()
    sha256 = String()
    practice = fields.Boolean()
    trade = String()
