"""The wire forms of objections, queries and inquiries."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.schemas import Moment
from kernel.errors import Words
from tendering import draft_schemas
from tendering.objections import rules
from tendering.objections.rules import Effect, Sort, Subject

String = fields.String


class WordsOut(fields.Field[Words]):
    """A sentence in both languages."""

    def _serialize(self, value: Words | None, *_: object, **__: object) -> dict[str, str] | None:
        return None if value is None else {"zh": value.zh, "en": value.en}


class EvidenceOut(Schema):
    name = String()
    size = fields.Integer()
    sha256 = String()


class ObjectionOut(Schema):
    """What of it is on the reader's allow-list; the rest is not there."""

    number = fields.Integer()
    token = String()
    lot = String()
    sort = WordsOut()
    subject = WordsOut()
    stage = String()
    suspends = fields.Boolean()
    raised_at = Moment()
    warn_at = Moment()
    due_at = Moment()
    text = String()
    demand = String()
    evidence = fields.Nested(EvidenceOut, allow_none=True)
    holds_contract = fields.Boolean()
    party = String()
    answer = String(allow_none=True)
    effect = WordsOut(allow_none=True)
    answered_at = Moment(allow_none=True)
    withdrawn_at = Moment(allow_none=True)


class ObjectionIn(Schema):
    sort = String(required=True, validate=validate.OneOf(list(Sort)))
    subject = String(required=True, validate=validate.OneOf(list(Subject)))
    text = draft_schemas.text(rules.MAX_TEXT, required=True)
    demand = draft_schemas.text(rules.MAX_DEMAND, required=True)


class ReplyIn(Schema):
    effect = String(required=True, validate=validate.OneOf(list(Effect)))
    text = draft_schemas.text(rules.MAX_TEXT, required=True)
