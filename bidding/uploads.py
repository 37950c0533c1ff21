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

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from accounts.actor import Actor
from accounts.roles import Role
from bidding import rules
from bidding.models import Upload
from bidding.states import UploadState
from bidding.tus import Checksum
from kernel import clock
from kernel.db import changed, db, transaction
from kernel.errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from kernel.site import site

BLOCK = 1 << 18
SEGMENT = 64 << 20

Chunks = Iterable[bytes]


@dataclass(frozen=True)
class Arriving:
    """The body of one PATCH: where it claims to begin, its bytes, and what the client says their digest is."""

    offset: int
    chunks: Chunks
    checksum: Checksum | None = None


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
        raise NotFound(
            "upload.unknown", "没有这个上传，或已过期。", "There is no such upload, or it expired."
        )
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
    writer = _Writer(_leased(actor, token, arriving.offset, now), arriving)
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
            select(Upload)
            .where(Upload.state == UploadState.OPEN, Upload.size == Upload.length, _free(now))
            .limit(1)
        )
    if upload is None:
        return False
    leased = _take_lease(upload, now)
    if leased is not None:
        _Writer(leased, Arriving(leased.size, ())).run()
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
        raise _locked(upload)
    return leased


def _take_lease(upload: Upload, now: datetime) -> Upload | None:
    """The upload with a lease of our own, unless another request holds it, moved it on or finished it.

    Leases run by the machine's clock: a request that streams for minutes still has the instant it began at.
    """
    mine = secrets.token_hex(16)
    taken = update(Upload).where(
        Upload.id == upload.id,
        Upload.state == UploadState.OPEN,
        Upload.size == upload.size,
        _free(clock.wall()),
    )
    until = clock.wall() + rules.LEASE
    values = {"lease": mine, "lease_until": until, "expires_at": now + rules.UPLOAD_LIFE}
    with transaction():
        if changed(taken.values(values)) != 1:
            return None
        return db.session.get_one(Upload, upload.id)


def _locked(upload: Upload) -> Refusal:
    if upload.state is not UploadState.OPEN:
        return Conflict(
            "upload.complete",
            "该文件已上传完整。",
            "This file is complete.",
            rule="tus 1.0.0",
            offset=upload.size,
        )
    return Conflict(
        "upload.locked",
        "另一个请求正在写入此文件，请几秒后续传。",
        "Another request is writing this file; go on in a few seconds.",
        retry_after=rules.LEASE.seconds,
    )


class _Writer:
    """One PATCH at work, holding the lease."""

    def __init__(self, upload: Upload, arriving: Arriving) -> None:
        self._upload, self._arriving = upload, arriving
        self._blobs = site().blobs
        self._size = upload.size
        self._beaten = clock.monotonic()
        self._whole = hashlib.sha256() if upload.size == 0 else None
        self._said = hashlib.new(arriving.checksum.algorithm) if arriving.checksum else None

    def run(self) -> None:
        chunks = iter(self._arriving.chunks)
        while self._append(chunks):
            self._record(self._size)
        self._check_said()
        self._record(self._size)
        if self._size == self._upload.length:
            self._finish()

    def _append(self, chunks: Iterator[bytes]) -> bool:
        """Store the next segment; whether there may be another. With a checksum all is one segment, kept or dropped whole."""
        segment = _Segment(chunks, self._take, None if self._said else SEGMENT)
        try:
            self._size = self._blobs.append(self._upload.blob_key, self._size, segment)
        except (Interrupted, Unavailable):
            self._keep_what_came()
            raise
        return segment.full

    def _take(self, chunk: bytes) -> None:
        """Called before each chunk is written, so that a request whose lease was taken over never writes again."""
        if clock.monotonic() - self._beaten > rules.LEASE.total_seconds() / 3:
            self._record(self._size)
        for digest in (self._whole, self._said):
            if digest is not None:
                digest.update(chunk)

    def _keep_what_came(self) -> None:
        """The connection broke or the disk is full: what was stored counts, unless a checksum over the whole was promised."""
        if self._said is None:
            held = min(self._blobs.size(self._upload.blob_key), self._upload.length)
            self._size = self._blobs.append(self._upload.blob_key, held, ())
            self._record(self._size)

    def _record(self, size: int) -> None:
        """Renew the lease and publish the durable size; Conflict when somebody else took the lease over."""
        self._update({"size": size, "lease_until": clock.wall() + rules.LEASE})
        self._beaten = clock.monotonic()

    def _update(self, values: dict[str, object]) -> None:
        mine = (Upload.id == self._upload.id, Upload.lease == self._upload.lease)
        with transaction():
            if changed(update(Upload).where(*mine).values(values)) != 1:
                raise _locked(self._upload)

    def _check_said(self) -> None:
        promised = self._arriving.checksum
        if self._said is not None and promised is not None and self._said.digest() != promised.digest:
            raise Invalid(
                "upload.checksum",
                "收到的内容与校验和不符，本段未保存，请重传。",
                "The bytes do not match their checksum and were dropped; send them again.",
                rule="tus 1.0.0",
            )

    def _finish(self) -> None:
        digest = self._whole or self._reread()
        self._update(
            {"sha256": digest.hexdigest(), "state": UploadState.DONE, "lease": None, "lease_until": None}
        )

    def _reread(self) -> hashlib._Hash:
        digest = hashlib.sha256()
        with self._blobs.open(self._upload.blob_key) as stored:
            for block in blocks(stored.read, BLOCK):
                digest.update(block)
                if clock.monotonic() - self._beaten > rules.LEASE.total_seconds() / 3:
                    self._record(self._size)
        return digest

    def let_go(self) -> None:
        mine = (Upload.id == self._upload.id, Upload.lease == self._upload.lease)
        with transaction():
            db.session.execute(update(Upload).where(*mine).values(lease=None, lease_until=None))


class Interrupted(Invalid):
    """The client's connection ended within the body; what arrived is kept."""

    def __init__(self) -> None:
        super().__init__(
            "upload.interrupted",
            "连接中断，已收到的部分保留，请续传。",
            "The connection broke. What arrived is kept; go on from there.",
            rule="tus 1.0.0",
        )


class _Segment:
    """The chunks of one durable step; `full` when it ended by its limit, not by the end of the body."""

    def __init__(self, chunks: Iterator[bytes], take: Callable[[bytes], None], limit: int | None) -> None:
        self._chunks, self._take, self._limit = chunks, take, limit
        self.full = False

    def __iter__(self) -> Iterator[bytes]:
        passed = 0
        for chunk in self._chunks:
            self._take(chunk)
            yield chunk
            passed += len(chunk)
            if self._limit is not None and passed >= self._limit:
                self.full = True
                return


def blocks(read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    """All that `read` gives, in pieces of at most `size` bytes."""
    while block := read(size):
        yield block


def body(stream: IO[bytes], room: int) -> Iterator[bytes]:
    """A request's bytes; refuses more than there is room for, and tells a broken connection from a full disk."""
    left = room
    while block := _read(stream):
        left -= len(block)
        if left < 0:
            raise Invalid(
                "upload.overrun",
                "收到的字节多于声明的文件长度。",
                "More bytes arrived than the file was said to have.",
                rule="tus 1.0.0",
            )
        yield block


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(BLOCK)
    except Exception as error:  # each server has its own exception for a client that went away
        raise Interrupted from error
