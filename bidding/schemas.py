"""The wire forms of bidding."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.schemas import Bytes, Moment
from bidding.states import ReceiptState
from sealing.certificates import MAX_CHAIN
from sealing.keyset import MAX_STAGES
from sealing.wire import STAGE

Text = fields.String
_TOKEN = validate.Regexp(r"\A[0-9a-f]{32}\Z")
_MAX_PAPER = 512 * 1024


class SignedSchema(Schema):
    """A signed file: exact bytes and a detached signature, both in base64."""

    file = Bytes(required=True, attribute="raw", validate=validate.Length(min=1, max=_MAX_PAPER))
    sig = Bytes(required=True, validate=validate.Length(equal=64))


class WithdrawIn(SignedSchema):
    """A withdrawal; where another key than the bid's own signed it, with the naming or order and that key's chain."""

    warrant = fields.Nested(SignedSchema, load_default=None, allow_none=True)
    cert_chain = fields.List(Bytes(), load_default=list, validate=validate.Length(max=MAX_CHAIN))


class HostSignedIn(SignedSchema):
    """`opening.started` as owner or agency signed it."""


class BidIn(Schema):
    manifest = Bytes(required=True, validate=validate.Length(min=1, max=_MAX_PAPER))
    sig = Bytes(required=True, validate=validate.Length(equal=64))
    bidder = Bytes(required=True, validate=validate.Length(min=1, max=_MAX_PAPER))
    envelopes = fields.Dict(
        keys=Text(validate=validate.Regexp(STAGE)),
        values=Text(validate=_TOKEN),
        required=True,
        validate=validate.Length(min=1, max=MAX_STAGES),
    )
    party = Text(load_default=None, allow_none=True, validate=validate.Length(max=80))
    warrant = fields.Nested(
        SignedSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "kaibiao-successor/1 or kaibiao-key-order/1, where another key replaces the bid"},
    )


class ReceiptOut(Schema):
    receipt_id = Text()
    manifest_sha256 = Text()
    state = fields.Enum(ReceiptState, by_value=True)
    receipt = fields.Nested(SignedSchema, metadata={"description": "kaibiao-receipt/1 with the platform's signature"})
    proof = Text(allow_none=True, metadata={"description": "C2SP tlog-proof, once a quorum has cosigned"})
    acks = fields.List(fields.Nested(SignedSchema))
    refusals = fields.List(fields.Nested(SignedSchema))


class OwnBidOut(Schema):
    bid_id = Text()
    manifest_sha256 = Text()
    party = Text()
    status = Text()
    live = fields.Boolean()
    received_at = Text()
    receipt_id = Text()
    receipt_state = Text()
    acks = fields.Integer()
    refusals = fields.Integer()
    withdrawal_receipt_id = Text(allow_none=True)


class OwnBidsOut(Schema):
    lot = Text()
    bids = fields.List(fields.Nested(OwnBidOut))


class NodeOut(Schema):
    node = Text()
    state = Text()


class LineOut(Schema):
    line = fields.Integer()
    outcome = Text()
    log_index = fields.Integer(allow_none=True)
    bidder = Text()
    price = Text(allow_none=True)
    price_words = Text()
    period_days = fields.Integer(allow_none=True)
    confirmed = fields.Boolean()
    reason = Text(allow_none=True)
    reason_en = Text(allow_none=True)


class OpeningOut(Schema):
    lot = Text()
    state = Text()
    phase = Text()
    step = Text(allow_none=True)
    confirm_until = Text(allow_none=True)
    count = fields.Integer()
    roll_hashes = fields.Dict()
    progress = fields.Dict()
    nodes = fields.List(fields.Nested(NodeOut))
    lines = fields.List(fields.Nested(LineOut))


class StartedOut(Schema):
    lot = Text()
    started_at = Moment(allow_none=True)


class ExceptionOut(Schema):
    """An exception from recording; `done_at` is null while it waits for its second."""

    reason = Text()
    at = Moment()
    done_at = Moment(allow_none=True)


class ConfirmationOut(Schema):
    line = fields.Integer()
    confirmed_at = Moment()


class WordsIn(Schema):
    words = Text(required=True, validate=validate.Length(min=1, max=2000))


class ObjectionOut(Schema):
    token = Text()
    words = Text()
    raised_at = Moment()
    answer = Text(allow_none=True)
    answered_at = Moment(allow_none=True)


class RecordSignatureIn(Schema):
    sig = Text(required=True, validate=validate.Length(equal=88))
    cert = Bytes(required=True, validate=validate.Length(min=1, max=8192))
