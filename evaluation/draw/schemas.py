"""The wire forms of the draw of experts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from accounts.schemas import Moment
from evaluation.draw.rules import DESK, LONGEST_TEXT, Departure, Need, Why

Text = fields.String
_LOGIN = validate.Length(1, 64)
_MOST_SEATS, _MOST_FIELDS = 99, 50


class NeedIn(Schema):
    fields_ = fields.List(
        Text(validate=validate.Length(1, 100)), required=True, data_key="fields", validate=validate.Length(1, _MOST_FIELDS)
    )  # fmt: skip
    seats = fields.Integer(required=True, strict=True, validate=validate.Range(1, _MOST_SEATS))
    representatives = fields.List(Text(validate=_LOGIN), load_default=list, validate=validate.Length(max=9))

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Need:
        return Need(data["fields_"], data["seats"], data["representatives"])


class DepartureIn(Schema):
    alias = Text(required=True, validate=validate.Length(1, 8))
    why = fields.Enum(Why, by_value=True, required=True, validate=validate.OneOf(DESK))
    text = Text(required=True, validate=validate.Length(max=LONGEST_TEXT))
    substitute = Text(load_default="", validate=validate.Length(max=64))

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> tuple[str, Departure]:
        return data["alias"], Departure(data["why"], data["text"], data["substitute"])


class ListOut(Schema):
    number = fields.Integer()
    fields_ = fields.List(Text(), data_key="fields", attribute="fields")
    listed = fields.Integer()
    seats = fields.Integer()
    list_sha256 = Text()
    index = fields.Integer(allow_none=True)
    size = fields.Integer(allow_none=True)
    seed = Text(allow_none=True)


class PlaceOut(Schema):
    place = fields.Integer()
    reference = Text()
    standing = Text(validate=validate.OneOf(["seated", "reserve", "passed"]))
    alias = Text(allow_none=True)
    why = Text(allow_none=True)


class AppointedOut(Schema):
    ground = Text()
    reasons = Text()
    document = Text()
    consent = Text()
    at = Moment()


class DrawOut(Schema):
    lot = Text()
    rule = Text(allow_none=True)
    state = Text(validate=validate.OneOf(["none", "waiting", "drawn", "short", "appointed"]))
    lists = fields.List(fields.Nested(ListOut))
    order = fields.List(fields.Nested(PlaceOut))
    appointed = fields.List(fields.Nested(AppointedOut))
