"""The wire forms of changed terms."""

from __future__ import annotations

import datetime as dt
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from accounts.schemas import Moment
from kernel.clock import parse_rfc3339
from tendering.schemas import SignatureIn


class MomentIn(fields.String):
    """RFC 3339 in UTC, whole seconds, as it comes in."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> dt.datetime:  # type: ignore[override]  # a moment, not its text
        try:
            return parse_rfc3339(super()._deserialize(value, attr, data, **more))
        except ValueError as error:
            raise ValidationError("not an RFC 3339 UTC second") from error


class TermsIn(Schema):
    changes = fields.String(required=True, validate=validate.Length(max=2000))


class TermsOut(Schema):
    """The last change proposed: `version` is null before the first."""

    lot = fields.String()
    version = fields.Integer(allow_none=True)
    changes = fields.String(allow_none=True)
    keyset_sha256 = fields.String(allow_none=True)
    waiting_for = fields.List(fields.String())
    ready = fields.Boolean()
    issued_at = Moment(allow_none=True)


class MomentQuery(Schema):
    closes_at = MomentIn(required=True)


class IssueIn(Schema):
    closes_at = MomentIn(required=True)
    signatures = fields.List(fields.Nested(SignatureIn), required=True, validate=validate.Length(max=10))
