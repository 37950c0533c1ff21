"""The wire forms of directives."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.schemas import Bytes, Moment
from oversight.directives import EVENTS
from tendering.draft_schemas import text
from tendering.schemas import WordsOut

String = fields.String


class DirectiveOut(Schema):
    """A directive with the exact file that was signed; who may not see it yet does not learn that it is there."""

    act = String()
    reasons = String()
    law = String()
    signed_at = Moment()
    in_force_at = Moment(allow_none=True)
    file = Bytes()
    sig = String()


class DirectiveIn(Schema):
    act = String(required=True, validate=validate.OneOf([str(act) for act in EVENTS]))
    reasons = text(2000, required=True)
    law = text(300, required=True)


class DirectiveStatementOut(Schema):
    """The bytes to sign, and what they mean."""

    file = Bytes()
    words = fields.Nested(WordsOut)
