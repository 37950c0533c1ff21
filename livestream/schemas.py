"""The wire forms of the live board: allow-lists once more."""

from __future__ import annotations

from marshmallow import Schema, fields


class TrusteeOut(Schema):
    node = fields.String()
    org = fields.String()
    state = fields.String()


class ReasonOut(Schema):
    zh = fields.String()
    en = fields.String()


class LineOut(Schema):
    line = fields.Integer()
    bidder = fields.String()
    price = fields.String(allow_none=True)
    price_words = fields.String(allow_none=True)
    period_days = fields.Integer(allow_none=True)
    log_index = fields.Integer(allow_none=True)
    confirmed = fields.Boolean()
    reason = fields.Nested(ReasonOut, allow_none=True)


class BoardOut(Schema):
    """`last` is the id of the last event in it: a stream goes on from there."""

    lot = fields.String()
    phase = fields.String()
    last = fields.Integer()
    step = fields.String(allow_none=True)
    nodes = fields.List(fields.Nested(TrusteeOut))
    unsealed = fields.Integer()
    of = fields.Integer(allow_none=True)
    lines = fields.List(fields.Nested(LineOut))
    record_sha256 = fields.String(allow_none=True)
