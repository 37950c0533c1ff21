"""The API's contract: OpenAPI 3.1 from the same schemas that parse the calls."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from apispec.ext.marshmallow.field_converter import FieldConverterMixin
from flask import Flask, Response
from flask_smorest import Api
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from accounts.schemas import Bytes
from portal import errors


class ErrorSchema(Schema):
    """Every refusal: a stable code, the sentence in both languages, the rule it rests on."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    message_zh = fields.String(required=True)
    message_en = fields.String(required=True)
    rule = fields.String(allow_none=True)
    detail = fields.Dict(required=True)


class Marshmallow(MarshmallowPlugin):
    """apispec's reader of schemas, taught our one field that looks different inside and on the wire."""

    def init_spec(self, spec: APISpec) -> None:
        super().init_spec(spec)
        assert self.converter is not None
        self.converter.add_attribute_function(in_base64)  # type: ignore[no-untyped-call]  # apispec leaves it bare


class Contract(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest, with our one error shape."""

    ERROR_SCHEMA = ErrorSchema

    def handle_http_exception(self, error: HTTPException) -> Response:
        """flask-smorest sets this as the framework's error handler; ours answers in its place."""
        return errors.from_http(error)


def in_base64(
    _converter: FieldConverterMixin, field: fields.Field[Any], ret: dict[str, Any], **_: Any
) -> dict[str, Any]:
    """Lengths of bytes are checked before encoding; on the wire every three bytes begun are four characters."""
    if not isinstance(field, Bytes):
        return {}
    limits: dict[str, Any] = {key: -(-ret[key] // 3) * 4 for key in ("minLength", "maxLength") if key in ret}
    return limits | {"contentEncoding": "base64"}


def name_of(schema: type[Schema] | Schema | str) -> str:
    """A schema's public name: its slice and its class, so that two slices may use one word."""
    found = resolve_schema_cls(schema)
    kind = found[0] if isinstance(found, list) else found
    return kind.__module__.partition(".")[0].capitalize() + kind.__name__.removesuffix("Schema")


def install(app: Flask) -> Contract:
    app.config.update(
        API_TITLE="Kaibiao",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {
                "description": "Public-resource trading that anybody can recheck. Times are RFC 3339 UTC, "
                "amounts are yuan with two decimals."
            },
            "security": [{"session": []}, {}],
            "components": {"securitySchemes": {"session": {"type": "http", "scheme": "bearer"}}},
        },
    )
    return Contract(app, spec_kwargs={"marshmallow_plugin": Marshmallow(schema_name_resolver=name_of)})
