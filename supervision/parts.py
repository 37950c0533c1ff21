"""The parts that facts are made of: rows of their lists, and the closed sets of their words."""

from __future__ import annotations

from typing import Literal

from supervision.vocabulary import Amount, Base64, Sha256, Shape

Status = Literal["live", "replaced", "withdrawn", "void"]
Color = Literal["green", "yellow", "red"]
Category = Literal["timeliness", "process", "content", "behavior"]


class Document(Shape):
    name: str
    size: int
    sha256: Sha256


class NoticeLot(Shape):
    lot: str
    name: str
    method_sha256: Sha256
    ceiling: Amount | None


class BoxedBid(Shape):
    manifest_sha256: Sha256
    status: Status
    by: Sha256 | None


class Signing(Shape):
    """Who signed which file."""

    by: str
    file: Base64
    sig: Base64


class RecordSignature(Shape):
    by: str
    sig: Base64


class Member(Shape):
    """A committee member under the alias of this lot: an expert, or the owner's representative."""

    alias: str
    sign_key: str
    kind: Literal["expert", "owner"]


class Place(Shape):
    bid_id: str
    rank: int
    total: str | None
