"""The wire forms of tendering."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.schemas import Bytes, Moment
from tendering import listing
from tendering.codes import Trade
from tendering.draft_schemas import text
from tendering.states import LotState, TenderState

String = fields.String


class TenderQuery(Schema):
    q = text(100, load_default="")
    trade = String(load_default="", validate=validate.OneOf(["", *Trade]))
    state = String(load_default="", validate=validate.OneOf(["", *LotState]))
    region = String(load_default="", validate=validate.Regexp(r"[0-9]{0,6}\Z"))
    sort = String(load_default="published_at", validate=validate.OneOf(list(listing.SORTS)))
    order = String(load_default="desc", validate=validate.OneOf(["asc", "desc"]))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))


class PartyOut(Schema):
    name = String()
    uscc = String()


class DocumentOut(Schema):
    name = String()
    size = fields.Integer()
    sha256 = String()
    media_type = String()
    added_at = Moment()
    after_notice = fields.Boolean()


class LotOut(Schema):
    lot = String()
    tender = String()
    number = fields.Integer()
    name = String()
    state = fields.Enum(LotState, by_value=True)
    ceiling = String(allow_none=True)
    closes_at = Moment(allow_none=True)
    opens_at = Moment(allow_none=True)
    suspended_at = Moment(allow_none=True)
    suspended_cause = String(allow_none=True)
    keyset_sha256 = String(allow_none=True)
    keyset_version = fields.Integer()
    method = fields.Dict(allow_none=True)
    method_sha256 = String(allow_none=True)
    timings = fields.Dict(keys=String(), values=fields.Integer())
    publicity_until = Moment(allow_none=True)
    candidates = fields.List(fields.Dict(), allow_none=True)
    awarded_bid = String(allow_none=True)
    awarded_at = Moment(allow_none=True)


class KeysOut(Schema):
    lot = String()
    version = fields.Integer()
    keyset_sha256 = String(allow_none=True)
    waiting_for = fields.List(String())
    supervisor_signed = fields.Boolean()
    ready = fields.Boolean()


class QuestionOut(Schema):
    question = String()
    answer = String()
    bears_on_bids = fields.Boolean()
    answered_at = Moment()


class PendingQuestionOut(Schema):
    token = String()
    question = String()


class ApprovalOut(Schema):
    act = String()
    reason = String()
    role = String()
    at = Moment()


class TenderOut(Schema):
    """A tender as the viewer may see it; what is not theirs to see is absent."""

    code = String()
    project = String()
    trade = String()
    method = String()
    title = String()
    region = String()
    pack = String()
    pack_sha256 = String(allow_none=True)
    practice = fields.Boolean()
    state = fields.Enum(TenderState, by_value=True)
    created_at = Moment()
    published_at = Moment(allow_none=True)
    owner = fields.Nested(PartyOut)
    agency = fields.Nested(PartyOut, allow_none=True)
    notice = fields.Dict()
    notice_sha256 = String(allow_none=True)
    documents = fields.List(fields.Nested(DocumentOut))
    lots = fields.List(fields.Nested(LotOut))
    keysets = fields.List(fields.Nested(KeysOut))
    questions = fields.List(fields.Nested(QuestionOut))
    pending_questions = fields.List(fields.Nested(PendingQuestionOut))
    draft = fields.Dict()
    approvals = fields.List(fields.Nested(ApprovalOut))


class TenderRowOut(Schema):
    code = String()
    title = String()
    trade = String()
    region = String()
    state = String()
    owner = String()
    lots = fields.Integer()
    published_at = Moment(allow_none=True)
    closes_at = Moment(allow_none=True)
    practice = fields.Boolean()


class TenderListOut(Schema):
    items = fields.List(fields.Nested(TenderRowOut))
    total = fields.Integer()
    page = fields.Integer()
    pages = fields.Integer()


class ObstacleOut(Schema):
    code = String()
    zh = String()
    en = String()
    rule = String()
    field = String()


class WordsOut(Schema):
    zh = String()
    en = String()


class SheetItemOut(Schema):
    type = String()
    lot = String(allow_none=True)
    statement_sha256 = String()
    file = Bytes()
    words = fields.Nested(WordsOut)


class SignatureIn(Schema):
    statement_sha256 = String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    sig = String(required=True, validate=validate.Length(max=100))


class PublishIn(Schema):
    signatures = fields.List(fields.Nested(SignatureIn), required=True, validate=validate.Length(max=400))
    cert = Bytes(required=True, validate=validate.Length(max=16_384))


class KeysIn(Schema):
    cert = Bytes(required=True, validate=validate.Length(max=16_384))


class StatementIn(Schema):
    """A signed file; the certificate is not needed, because the keyset names the key."""

    file = Bytes(required=True, validate=validate.Length(max=65_536))
    sig = Bytes(required=True, validate=validate.Length(equal=64))
    cert = Bytes(load_default=None)


class SigsOut(Schema):
    owner = String()
    supervisor = String()


class CancelIn(Schema):
    reason = text(2000, load_default="")


class GiveUpIn(Schema):
    bid_id = String(required=True, validate=validate.Regexp(r"[0-9a-f]{32}\Z"))
    reason = text(2000, required=True)


class QuestionIn(Schema):
    text = text(4000, required=True)


class AnswerIn(Schema):
    token = String(required=True, validate=validate.Regexp(r"[0-9a-f]{32}\Z"))
    answer = text(4000, required=True)
    bears_on_bids = fields.Boolean(required=True, truthy={True}, falsy={False})


class AskedOut(Schema):
    token = String()


class PackOut(Schema):
    id = String()
    sha256 = String()
    practice = fields.Boolean()
    trade = String()
