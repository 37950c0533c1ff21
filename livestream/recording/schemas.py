"""The wire forms of recordings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from accounts.schemas import Moment
from kernel.clock import parse_rfc3339
from livestream.recording.service import MOST, File, Place
from sealing import wire
from tendering.recordings import Gap, Phase

Text = fields.String
_SHA256 = validate.Regexp(f"{wire.SHA256.pattern}$")
_PLACE = validate.And(validate.Length(1, 60), validate.Regexp(r"\S.*\S\Z|\S\Z"))
_LARGEST = 1 << 50


class When(fields.String):
    """An RFC 3339 moment in UTC, whole seconds."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return parse_rfc3339(str(text))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class SegmentIn(Schema):
    camera = Text(required=True, validate=_PLACE)
    began_at = When(required=True)
    ended_at = When(required=True)
    sha256 = Text(required=True, validate=_SHA256)
    size = fields.Integer(strict=True, required=True, validate=validate.Range(1, _LARGEST))

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> File:
        return File(**data)


class PlaceIn(Schema):
    phase = Text(required=True, validate=validate.OneOf([str(one) for one in Phase]))
    room = Text(required=True, validate=_PLACE)


class ReportIn(PlaceIn):
    """What one recorder has of one room."""

    segments = fields.List(fields.Nested(SegmentIn), required=True, validate=validate.Length(1, MOST))


class BeatIn(PlaceIn):
    camera = Text(required=True, validate=_PLACE)


class MissingIn(PlaceIn):
    """The gap is named as it is listed; a phase without any recording has an empty room."""

    room = Text(required=True, validate=validate.Length(max=60))
    began_at = When(required=True)
    ended_at = When(required=True)
    reason = Text(required=True, validate=validate.Length(4, 500))


class TakenOut(Schema):
    """How many of the segments were new."""

    taken = fields.Integer()


class WindowOut(Schema):
    phase = Text()
    began_at = Moment()
    ended_at = Moment(allow_none=True)


class SegmentOut(Schema):
    phase = Text()
    room = Text()
    camera = Text()
    began_at = Moment()
    ended_at = Moment()
    sha256 = Text()
    size = fields.Integer()
    reported_at = Moment()


class GapOut(Schema):
    phase = Text()
    room = Text()
    began_at = Moment()
    ended_at = Moment(allow_none=True)
    reason = Text(allow_none=True)


class RecordingsOut(Schema):
    """`required` by the law pack; `bound_s` is the longest break that is no gap."""

    lot = Text()
    required = fields.Boolean()
    bound_s = fields.Integer()
    windows = fields.List(fields.Nested(WindowOut))
    segments = fields.List(fields.Nested(SegmentOut))
    gaps = fields.List(fields.Nested(GapOut))
    silent = fields.List(fields.Nested(GapOut))


def place(body: Mapping[str, Any]) -> Place:
    return Place(Phase(body["phase"]), body["room"])


def gap(body: Mapping[str, Any]) -> Gap:
    began: dt.datetime = body["began_at"]
    return Gap(Phase(body["phase"]), body["room"], began, body["ended_at"])
