"""The wire forms of the log's JSON: what of a lot's sealed facts is public."""

from __future__ import annotations

from marshmallow import Schema, fields


class LotQuery(Schema):
    lot = fields.String(required=True)


class DisclosureOut(Schema):
    """`salt` and the canonical bytes of `fact` hash to the seal of entry `index`."""

    index = fields.Integer(required=True)
    salt = fields.String(required=True)
    fact = fields.Dict(required=True)


class DisclosuresOut(Schema):
    lot = fields.String(required=True)
    disclosures = fields.List(fields.Nested(DisclosureOut), required=True)
