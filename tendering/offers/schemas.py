"""The wire forms of applications to buy."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from accounts.schemas import Moment
from kernel import money
from tendering.draft_schemas import text
from tendering.offers.applications import FLAGS
from tendering.schemas import WordsOut

String = fields.String
ACTS = ("complete", "return", "confirm", "refuse")


def _price(text: str) -> None:
    try:
        money.parse(text)
    except ValueError as error:
        raise ValidationError("yuan with two decimals, like 9000000.00") from error


class PurchaseIn(Schema):
    """`offer` is what the applicant pays should it stay the only taker; papers are handed in on the page."""

    contact = text(60, required=True)
    phone = text(60, required=True)
    standing = text(8000, required=True)
    flags = fields.List(String(validate=validate.OneOf(FLAGS)), load_default=list, validate=validate.Length(max=3))
    offer = String(load_default=None, allow_none=True, validate=_price)


class PurchaseOut(Schema):
    """One's own application; nobody else reads it here."""

    lot = String()
    state = String()
    sha256 = String()
    made_at = Moment()
    offer = String(allow_none=True)
    remark = String()
    receipt = String(metadata={"description": "base64 of the exact bytes that the platform signed"})
    receipt_sig = String()
    decision = String(allow_none=True)
    decision_sig = String(allow_none=True)
    deposit = fields.Nested(WordsOut, allow_none=True, metadata={"description": "what is wrong with the deposit"})


class PurchaserOut(Schema):
    name = String()
    uscc = String()


class PurchaseWaitingOut(Schema):
    """An application on one's desk, gone once it is handled."""

    token = String()
    lot = String()
    applicant = fields.Nested(PurchaserOut)
    said = fields.Dict(keys=String(), values=fields.Raw())
    deposit = fields.Nested(WordsOut, allow_none=True, metadata={"description": "what is wrong with the deposit"})
    law = String()


class PurchaseActIn(Schema):
    """`complete` and `return` are the centre's, `confirm` and `refuse` the seller's."""

    act = String(required=True, validate=validate.OneOf(ACTS))
    reason = text(2000, load_default="")
