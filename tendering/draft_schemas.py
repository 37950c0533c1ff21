"""The wire form of a draft: what an owner writes down before it is published."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from kernel.clock import parse_rfc3339
from kernel.money import parse as parse_money
from tendering.codes import Trade, is_region
from tendering.security import Form

String = fields.String


def messages_of(error: ValidationError) -> dict[Any, Any]:
    """What is wrong, by field."""
    found: dict[Any, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow leaves it bare
    return found


def text(longest: int, **kwargs: Any) -> fields.String:
    """Words that a page can show: no control characters, and not too many."""
    return String(validate=[validate.Length(max=longest), _printable], **kwargs)


def _printable(text: str) -> None:
    if any(ord(letter) < 32 and letter not in "\n\r\t" for letter in text) or "\x7f" in text:
        raise ValidationError("control characters are not allowed")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValidationError("not text")


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
    name = text(60, load_default="")
    phone = text(60, load_default="")
    email = text(120, load_default="")
    address = text(200, load_default="")


class LotIn(Schema):
    """Terms of one lot. `min_price` and `document_fee` are known only to be refused with the rules that forbid them."""

    name = text(200, load_default="")
    estimate = String(allow_none=True, validate=_amount)
    ceiling = String(load_default=None, allow_none=True, validate=_amount)
    deposit = String(load_default=None, allow_none=True, validate=_amount)
    min_price = String(allow_none=True, validate=_amount)
    document_fee = String(allow_none=True, validate=_amount)
    uniform = fields.Boolean(truthy={True}, falsy={False})
    closes_at = String(load_default=None, allow_none=True, validate=_instant)
    method = Unfloated(load_default=None, allow_none=True)
    floor = String(allow_none=True, validate=_amount)
    valuation_amount = String(allow_none=True, validate=_amount)
    applications_due = String(allow_none=True, validate=_instant)
    begins_at = String(allow_none=True, validate=_instant)
    display_from = String(allow_none=True, validate=_instant)
    display_until = String(allow_none=True, validate=_instant)
    reserve_sha256 = text(64, allow_none=True)
    land_use = text(20, allow_none=True)
    years = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 999))
    extensions = fields.Integer(allow_none=True, strict=True, validate=validate.Range(0, 20))


class CriterionIn(Schema):
    name = text(100, required=True)
    asks = text(2000, required=True)


class PrequalIn(Schema):
    """A pre-qualification: until when its documents are provided and applications taken, and what it asks."""

    documents_end = String(load_default=None, allow_none=True, validate=_instant)
    applications_due = String(load_default=None, allow_none=True, validate=_instant)
    criteria = fields.List(fields.Nested(CriterionIn), validate=validate.Length(max=40))


class DraftIn(Schema):
    """A draft; everything but trade, pack, region and title may come later."""

    trade = fields.Enum(Trade, by_value=True, required=True)
    pack = text(64, required=True)
    region = String(required=True, validate=_region)
    title = text(300, required=True)
    project = text(17, allow_none=True)
    project_name = text(300)
    content = text(8000)
    scale = text(2000)
    fund_source = text(300)
    state_funded = fields.Boolean(truthy={True}, falsy={False})
    approval_doc = text(300)
    item = text(200)
    method_ground = text(40, allow_none=True)
    ground_approval = text(300, allow_none=True)
    original_contract = String(allow_none=True, validate=_amount)
    suppliers = String(allow_none=True, validate=validate.OneOf(("notice", "invited")))
    fewer_ground = text(20, allow_none=True)
    fewer_document = text(300, allow_none=True)
    fewer_lot = text(23, allow_none=True)
    invitees = fields.Integer(allow_none=True, strict=True, validate=validate.Range(0, 999))
    valuation = text(300, allow_none=True)
    valuation_date = text(10, allow_none=True)
    control_passes = fields.Boolean(truthy={True}, falsy={False})
    preemption = text(10, allow_none=True)
    management = text(2000, allow_none=True)
    floor_consent = text(300, allow_none=True)
    qualification = text(8000)
    consortium_allowed = fields.Boolean(allow_none=True, truthy={True}, falsy={False})
    contact = fields.Nested(ContactIn)
    documents_obtained = text(2000)
    submission = text(2000)
    deposit_forms = fields.List(fields.Enum(Form, by_value=True))
    wording_reasons = fields.Dict(keys=text(60), values=text(500), validate=validate.Length(max=100))
    bid_validity_days = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 3650))
    max_lots_won = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 99))
    award_order = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 99)), validate=validate.Length(max=99)
    )
    owner_uscc = text(18, allow_none=True)
    agency_uscc = text(18, allow_none=True)
    prequal = fields.Nested(PrequalIn)
    lots = fields.List(fields.Nested(LotIn), validate=validate.Length(max=99))


class ChangesIn(DraftIn):
    """Parts of a draft to replace."""

    trade = fields.Enum(Trade, by_value=True)
    pack = text(64)
    region = String(validate=_region)
    title = text(300)
