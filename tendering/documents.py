"""Tender documents: streamed in and hashed on the way, listed by hash, given to anybody who asks once the notice stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import func, select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.errors import Conflict, Invalid, NotFound, TooLarge
from kernel.site import site
from supervision import facts, log
from tendering import changes, drafts, filenames, publishing, visibility
from tendering.amendments import telling
from tendering.amendments.telling import Said
from tendering.invitations.door import check_documents
from tendering.lifecycle import tender_of
from tendering.models import Document, Tender
from tendering.prequal import changing

MAX_DOCUMENTS = 100
"""So many that the open fact naming them all still fits into one entry of the log."""


@dataclass(frozen=True)
class Stored:
    """Bytes that lie in the blob store and belong to no row yet."""

    blob_key: str
    size: int
    sha256: str


def add_document(actor: Actor, code: str, name: str, chunks: Iterable[bytes], now: dt.datetime) -> Document:
    """Stream a document in: a draft's is replaced by name, a published tender gets it as a change (C10, G10).

    Runs outside a request's transaction and opens two short ones. A crash between them leaves a blob without a row;
    nothing refers to it, and the owner uploads again.
    """
    media = filenames.media_type(name)
    with transaction(write=False):
        _check_may_add(actor, tender_of(code), name, now)
    stored = store(name, chunks)
    try:
        with transaction():
            tender = tender_of(code)
            _check_may_add(actor, tender, name, now)
            document, replaced = _enter(tender, name, media, stored, now)
            if document.after_notice:
                changing.changed(tender, now)
                telling.noted(tender, Said("document", name, name, stored.sha256), now)
            records.acted(actor, "document.added", now)
    except BaseException:
        site().blobs.delete(stored.blob_key)
        raise
    if replaced is not None:
        site().blobs.delete(replaced)
    return document


def remove_document(actor: Actor, tender: Tender, sha256: str, now: dt.datetime) -> str:
    """Take a document out of a draft; returns the blob key, to be deleted after the commit."""
    visibility.check_project(tender, actor)
    drafts.check_draft(tender)
    found = find(tender, sha256)
    tender.documents.remove(found)
    records.acted(actor, "document.removed", now)
    return found.blob_key


def store(name: str, chunks: Iterable[bytes]) -> Stored:
    """Put the bytes into the blob store; refused when empty, too large or of another kind than the name claims."""
    key, size, sha256 = site().blobs.put(_checked(name, chunks, site().settings.upload_max))
    return Stored(key, size, sha256)


def find(tender: Tender, sha256: str) -> Document:
    wanted = select(Document).where(Document.tender_id == tender.id, Document.sha256 == sha256)
    found = db.session.scalars(wanted.order_by(Document.id)).first()
    if found is None:
        raise NotFound("document.unknown", "没有这份文件。", "There is no such document.", rule="rules.md 0 第1条")
    return found


def opened(tender: Tender, sha256: str) -> tuple[Document, BinaryIO]:
    """The document and its open file."""
    found = find(tender, sha256)
    return found, site().blobs.open(found.blob_key)


def note_taken(actor: Actor | None, tender: Tender, sha256: str, now: dt.datetime) -> None:
    """That a known person took a published document is a sealed fact; who is not signed in stays nobody."""
    if actor is None or tender.unpublished:
        return
    fact = facts.DocumentTaken(tender=tender.code, document_sha256=sha256, org=actor.organization, at=rfc3339(now))
    log.append(fact, lot=tender.code, subject=actor.subject)


def take(actor: Actor | None, tender: Tender, sha256: str, now: dt.datetime) -> tuple[Document, BinaryIO]:
    """Open a document for somebody and note it. There is no gate (20号令 art. 20) but an invitation's."""
    visibility.check_seen(tender, actor)
    check_documents(tender, actor)
    note_taken(actor, tender, find(tender, sha256).sha256, now)
    return opened(tender, sha256)


def _check_may_add(actor: Actor, tender: Tender, name: str, now: dt.datetime) -> None:
    visibility.check_project(tender, actor)
    actor.take_part(Part.PREPARE)
    if not tender.unpublished:
        changes.check_may_change(tender, now)
        check_new(tender, name)
    count = db.session.scalar(select(func.count()).where(Document.tender_id == tender.id)) or 0
    if count >= MAX_DOCUMENTS:
        raise Invalid(
            "document.too_many",
            f"最多 {MAX_DOCUMENTS} 份文件。",
            f"A tender has at most {MAX_DOCUMENTS} documents.",
            rule=filenames.RULE,
        )


def check_new(tender: Tender, name: str) -> None:
    """A supplement bears a name of its own: what is published is not replaced."""
    filenames.media_type(name)
    if _named(tender, name) is not None:
        raise Conflict(
            "document.exists",
            "已发布的文件不能替换，请用新文件名发布补充文件。",
            "A published document is not replaced: publish the supplement under a new name.",
            rule="《招标投标法》第二十三条；财政部令第87号第二十七条",
        )


def publish_stored(actor: Actor, tender: Tender, name: str, stored: Stored, now: dt.datetime) -> Document:
    """A document whose bytes lie in the store already, in the caller's transaction; whoever calls tells of it."""
    _check_may_add(actor, tender, name, now)
    document, _ = _enter(tender, name, filenames.media_type(name), stored, now)
    records.acted(actor, "document.added", now)
    return document


def drop(stored: Stored) -> None:
    """Take bytes back out of the store that belong to no row."""
    site().blobs.delete(stored.blob_key)


def _named(tender: Tender, name: str) -> Document | None:
    return db.session.scalar(select(Document).where(Document.tender_id == tender.id, Document.name == name))


def _enter(tender: Tender, name: str, media: str, stored: Stored, now: dt.datetime) -> tuple[Document, str | None]:
    after = not tender.unpublished
    found, replaced = _named(tender, name), None
    if found is None:
        found = Document(tender_id=tender.id, name=name, lot_id=None, media_type=media)
        db.session.add(found)
    else:
        replaced = found.blob_key
    found.size, found.sha256, found.blob_key = stored.size, stored.sha256, stored.blob_key
    found.added_at, found.after_notice = now, after
    db.session.flush()
    if after:
        log.append(
            facts.DocumentAdded(tender=tender.code, name=name, size=stored.size, sha256=stored.sha256), lot=tender.code
        )
        publishing.queue(tender.code)
    return found, replaced


def _checked(name: str, chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    size, head, open_ = 0, b"", False
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise TooLarge(
                "document.too_large",
                f"文件超过上限 {most} 字节。",
                f"The file is larger than {most} bytes.",
                rule=filenames.RULE,
            )
        if open_:
            yield chunk
            continue
        head += chunk
        if len(head) >= filenames.HEAD:
            filenames.check_head(name, head)
            open_ = True
            yield head
    if not open_:
        filenames.check_head(name, head)
        yield head
