"""The wire forms of evaluation."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from accounts.schemas import Bytes, Moment
from evaluation.desk.service import Report
from evaluation.draw.rules import LONGEST_TEXT, Appointment, Ground
from evaluation.heads import Head
from kernel.statements import Signed
from sealing import wire

Text = fields.String
_SHA256 = validate.Regexp(f"{wire.SHA256.pattern}$")
_BID = validate.Regexp(f"{wire.BID_ID.pattern}$")
_MOST_FILES = 2_000


class AppointmentIn(Schema):
    ground = fields.Enum(Ground, by_value=True, required=True)
    reasons = Text(required=True, validate=validate.Length(max=LONGEST_TEXT))
    document = Text(required=True, validate=validate.Length(max=200))
    consent = Text(load_default="", validate=validate.Length(max=200))

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Appointment:
        return Appointment(**data)


class CommitteeIn(Schema):
    """`appointed` says why the members are named without a draw, where the law has experts drawn."""

    persons = fields.List(Text(validate=validate.Length(1, 64)), required=True, validate=validate.Length(1, 9))
    appointed = fields.Nested(AppointmentIn, load_default=None, allow_none=True)


class MemberOut(Schema):
    alias = Text()
    kind = Text()
    sign_key = Text()
    name = Text()
    declared = fields.Boolean()
    conflict = Text(allow_none=True)
    admitted = fields.Boolean()


class DepartureOut(Schema):
    """Why a drawn member was passed over; for those who watch."""

    reference = Text()
    why = Text()
    text = Text(allow_none=True)
    at = Moment()


class CommitteeOut(Schema):
    lot = Text()
    members = fields.List(fields.Nested(MemberOut))
    signed_count = fields.Integer()
    departures = fields.List(fields.Nested(DepartureOut))


class SeatOut(Schema):
    lot = Text()
    lot_name = Text()
    state = Text()
    alias = Text()
    declared = fields.Boolean()
    conflict = Text(allow_none=True)
    admitted = fields.Boolean()
    signed = fields.Boolean()


class DeclarationIn(Schema):
    conflict = Text(required=True, allow_none=True, validate=validate.Length(max=2000))


class StatementOut(Schema):
    statement = Bytes()
    sha256 = Text()


class SignedIn(Schema):
    """A signed file with the certificate of its signer; all three in base64."""

    file = Bytes(required=True)
    sig = Bytes(required=True)
    cert = Bytes(required=True)

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> tuple[Signed, bytes]:
        return Signed(data["file"], data["sig"]), data["cert"]


class AwardIn(Schema):
    """The owner's signed award; the key is the keyset's, so the certificate may be left out."""

    class Meta:
        unknown = EXCLUDE

    file = Bytes(required=True)
    sig = Bytes(required=True)

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Signed:
        return Signed(data["file"], data["sig"])


class EntryIn(Schema):
    """What was typed for one bid; unfinished and wrong values are kept, other shapes are not."""

    conforms = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})
    ground = Text(load_default=None, allow_none=True, validate=validate.Length(max=4000))
    head = Text(allow_none=True, validate=validate.OneOf([*Head]))
    scores = fields.Dict(keys=Text(validate=validate.Length(1, 100)), values=Text(), load_default=dict)
    notes = fields.Dict(keys=Text(validate=validate.Length(1, 100)), values=Text(), load_default=dict)


class DraftIn(Schema):
    bids = fields.Dict(keys=Text(validate=_BID), values=fields.Nested(EntryIn), required=True)


class FaultOut(Schema):
    field = Text()
    zh = Text()
    en = Text()


class FileOut(Schema):
    path = Text()
    size = fields.Integer()
    sha256 = Text()


class AssessedOut(Schema):
    bid_id = Text()
    bidder = Text()
    price = Text(allow_none=True)
    files = fields.List(fields.Nested(FileOut))


class RoomOut(Schema):
    """What a member works with: the method, the bids, the own draft."""

    lot = Text()
    alias = Text()
    method = fields.Dict()
    method_sha256 = Text()
    bids = fields.List(fields.Nested(AssessedOut))
    draft = fields.Dict()
    saved_at = Moment(allow_none=True)
    returned = fields.List(fields.Dict())
    signed = fields.Boolean()
    faults = fields.List(fields.Nested(FaultOut))


class SheetOut(Schema):
    """A signed sheet as somebody may see it."""

    evaluator = Text()
    sha256 = Text()
    file = Bytes()
    sig = Text()
    cert = Bytes()
    signed_at = Moment()


class PublicityIn(Schema):
    tied = fields.List(Text(validate=_BID), load_default=list, validate=validate.Length(max=100))


class PublicityOut(Schema):
    ends_at = Moment()


class ChoiceIn(Schema):
    bid_id = Text(required=True, validate=_BID)


class AwardedOut(Schema):
    lot = Text(attribute="code")
    state = Text()
    bid_id = Text(attribute="awarded_bid")
    awarded_at = Moment()


class TicketIn(Schema):
    bid_id = Text(required=True, validate=_BID)
    path = Text(required=True, validate=validate.Length(1, 200))


class TicketOut(Schema):
    url = Text()


class JudgmentIn(Schema):
    party = Text(required=True, validate=validate.OneOf(["bidder", "trustee", "platform"]))
    rule = Text(required=True, validate=validate.Length(1, 40))
    zh = Text(required=True, validate=validate.Length(1, 2000))
    en = Text(required=True, validate=validate.Length(1, 2000))


class FoundIn(Schema):
    class Meta:
        unknown = EXCLUDE

    path = Text(required=True, validate=validate.Length(1, 200))
    size = fields.Integer(required=True, validate=validate.Range(0), strict=True)
    sha256 = Text(required=True, validate=_SHA256)


class ReportIn(Schema):
    bid_id = Text(required=True, validate=_BID)
    stage = Text(required=True, validate=validate.Length(1, 32))
    result = Text(required=True, validate=validate.OneOf(["opened", "judged"]))
    sha256 = Text(required=True, allow_none=True, validate=_SHA256)
    files = fields.List(fields.Nested(FoundIn), required=True, validate=validate.Length(max=_MOST_FILES))
    judgment = fields.Nested(JudgmentIn, required=True, allow_none=True)

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Report:
        return Report(**data)
