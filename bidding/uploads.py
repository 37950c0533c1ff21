"""Files on their way: resumable, owner-only, straight to the blob store (tus 1.0.0).

Bytes never pass through a transaction. The row says how many are durable, and a lease on it says which single
request may write: without the lease two requests could change a file after its hash was taken, and a bidder could
make the platform look guilty of a damaged ciphertext (sealing.md 1.7).

Order of durable steps of one PATCH, and what a crash leaves behind:
1. lease taken         - a lease that ends by itself after seconds; the client waits and goes on;
2. bytes, in segments  - bytes beyond the row's `size`, cut off by the next append;
3. size after each     - the offset a HEAD then reports, with everything below it fsynced;
4. hash, state `done`  - a whole file whose row still says open: the next PATCH of no bytes hashes it again.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from accounts.actor import Actor
from accounts.roles import Role
from bidding import rules
from bidding.models import Upload
from bidding.states import UploadState
from bidding.writer import Arriving, Writer, locked
from kernel import clock
from kernel.db import changed, db, transaction
from kernel.errors import Conflict, NotFound
from kernel.site import site


def create(actor: Actor, filename: str, length: int, now: datetime) -> Upload:
    """Reserve a place for `length` bytes; refuses beyond the organization's quota."""
    actor.act_as(Role.BIDDER)
    _check_quota(actor, length)
    upload = Upload(
        token=secrets.token_hex(16),
        organization=actor.organization_id,
        person=actor.person_id,
        filename=filename,
        blob_key=site().blobs.create(),
        length=length,
        size=0,
        state=UploadState.OPEN,
        created_at=now,
        expires_at=now + rules.UPLOAD_LIFE,
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def look(actor: Actor, token: str) -> Upload:
    """The actor's organization's own upload; for everybody else there is none."""
    upload = db.session.scalar(select(Upload).where(_own(actor, token)))
    if upload is None:
        raise NotFound("upload.unknown", "没有这个上传，或已过期。", "There is no such upload, or it expired.")
    return upload


def discard(actor: Actor, token: str) -> str:
    """End an upload that no bid took; returns the blob to delete once this is committed."""
    upload = look(actor, token)
    unused = (_own(actor, token), Upload.state != UploadState.TAKEN)
    if changed(delete(Upload).where(*unused)) != 1:
        raise Conflict(
            "upload.taken",
            "该文件已随投标递交，不能删除；如需撤回，请办理撤回投标。",
            "This file belongs to a submitted bid and cannot be deleted; withdraw the bid instead.",
        )
    return upload.blob_key


def receive(actor: Actor, token: str, arriving: Arriving, now: datetime) -> Upload:
    """Append bytes and, at the last one, hash the file. Opens its own transactions; call it outside of any."""
    writer = Writer(_leased(actor, token, arriving.offset, now), arriving)
    try:
        writer.run()
    finally:
        writer.let_go()
    with transaction(write=False):
        return look(actor, token)


def sweep(now: datetime) -> bool:
    """Delete one expired upload that no bid took: the row first, so that no row ever names a deleted blob.

    A crash between the two leaves a blob that nothing names; it costs space and nothing else.
    """
    with transaction():
        upload = db.session.scalar(
            select(Upload)
            .where(Upload.state != UploadState.TAKEN, Upload.expires_at < now)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if upload is None:
            return False
        db.session.delete(upload)
    site().blobs.delete(upload.blob_key)
    return True


def finish_left(now: datetime) -> bool:
    """Hash one file whose last byte is stored but whose writer died before it said so."""
    with transaction(write=False):
        upload = db.session.scalar(
            select(Upload).where(Upload.state == UploadState.OPEN, Upload.size == Upload.length, _free(now)).limit(1)
        )
    if upload is None:
        return False
    leased = _take_lease(upload, now)
    if leased is not None:
        Writer(leased, Arriving(leased.size, ())).run()
    return leased is not None


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(Upload.lease.is_(None), Upload.lease_until < now)


def _own(actor: Actor, token: str) -> ColumnElement[bool]:
    return (Upload.token == token) & (Upload.organization == actor.organization_id)


def _check_quota(actor: Actor, length: int) -> None:
    held = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Upload.length), 0)).where(
            Upload.organization == actor.organization_id, Upload.state != UploadState.TAKEN
        )
    ).one()
    rules.check_quota(rules.Holdings(held[0], int(held[1])), length, site().settings.upload_max)


def _leased(actor: Actor, token: str, offset: int, now: datetime) -> Upload:
    with transaction(write=False):
        upload = look(actor, token)
        rules.check_offset(offset, upload.size)
    leased = _take_lease(upload, now)
    if leased is None:
        raise locked(upload)
    return leased


def _take_lease(upload: Upload, now: datetime) -> Upload | None:
    """The upload with a lease of our own, unless another request holds it, moved it on or finished it.

    Leases run by the machine's clock: a request that streams for minutes still has the instant it began at.
    """
    mine = secrets.token_hex(16)
    taken = update(Upload).where(
        Upload.id == upload.id, Upload.state == UploadState.OPEN, Upload.size == upload.size, _free(clock.wall())
    )
    until = clock.wall() + rules.LEASE
    values = {"lease": mine, "lease_until": until, "expires_at": now + rules.UPLOAD_LIFE}
    with transaction():
        if changed(taken.values(values)) != 1:
            return None
        return db.session.get_one(Upload, upload.id)
