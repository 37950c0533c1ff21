"""The wire forms of the report and of the time for it."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.schemas import Bytes, Moment
from evaluation.report.timing import LONGEST_REASON
from tendering.terms_schemas import MomentIn

Text = fields.String


class SignatoryOut(Schema):
    """A member's part; its dissent is told when the report is complete."""

    alias = Text()
    standing = Text(validate=validate.OneOf(["waiting", "signed", "silent"]))
    dissent = Text(allow_none=True)
    at = Moment(allow_none=True)


class SignedReportOut(Schema):
    lot = Text()
    proposed_at = Moment()
    silence_from = Moment()
    completed_at = Moment(allow_none=True)
    members = fields.List(fields.Nested(SignatoryOut))
    report = Bytes()
    sha256 = Text()
    alias = Text(allow_none=True)


class SilenceIn(Schema):
    alias = Text(required=True, validate=validate.Length(1, 8))


class ShortIn(Schema):
    reason = Text(required=True, validate=validate.Length(1, LONGEST_REASON))


class EndIn(Schema):
    ends_at = MomentIn(required=True)


class ShortOut(Schema):
    alias = Text()
    reason = Text()
    at = Moment()


class TimeOut(Schema):
    lot = Text()
    ends_at = Moment()
    asked_at = Moment(allow_none=True)
    short = fields.List(fields.Nested(ShortOut))
