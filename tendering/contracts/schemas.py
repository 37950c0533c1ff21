"""The wire forms of awards' messages and of contracts."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.schemas import Bytes, Moment
from tendering.contracts.succession import GROUNDS
from tendering.draft_schemas import text
from tendering.schemas import WordsOut

String = fields.String


class DutyOut(Schema):
    words = fields.Nested(WordsOut)
    law = String()
    done = Moment(allow_none=True)
    due = Moment(allow_none=True)
    color = String()


class PaperOut(Schema):
    """A statement about the lot: `file` is what is signed, `document_sha256` the document behind it."""

    kind = String()
    number = fields.Integer()
    file = Bytes()
    document_sha256 = String(allow_none=True)
    owner_sig = String(allow_none=True)
    winner_sig = String(allow_none=True)
    made_at = Moment()


class ContractOut(Schema):
    """The way after the award. `papers` are those that the caller may read."""

    lot = String()
    state = String()
    duties = fields.List(fields.Nested(DutyOut))
    papers = fields.List(fields.Nested(PaperOut))
    archive_sha256 = String(allow_none=True)


class MessageOut(Schema):
    """What one's own organization was told, signed by the platform."""

    round = fields.Integer()
    kind = String()
    file = Bytes()
    sig = String()
    sent_at = Moment()
    read_at = Moment(allow_none=True)


class ContractConfirmationIn(Schema):
    file = Bytes(required=True, validate=validate.Length(max=65_536))
    sig = Bytes(required=True, validate=validate.Length(equal=64))
    cert = Bytes(required=True, validate=validate.Length(min=1, max=65_536))


class DroppedIn(Schema):
    ground = String(required=True, validate=validate.OneOf(list(GROUNDS)))
    reason = text(2000, required=True)
