"""Uploads that break off, race, overrun, expire, or find the disk full: nothing is lost, nothing is taken twice."""

import base64
import errno
import hashlib
import io
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import seconds, staged

from bidding import rules, uploads, writer
from bidding.models import Upload
from bidding.states import UploadState
from bidding.tus import Checksum
from kernel import clock
from kernel.blobs import FolderStore, full_disk_refused
from kernel.db import transaction
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unavailable
from kernel.site import site

RAW = bytes(range(256)) * 4000


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def actor(stage):
    return stage.bidder_of("a").actor


def create(stage, actor, length=1_024_000):
    with stage.act() as now:
        return uploads.create(actor, "docs.age", length, now).token


def send(stage, actor, token, *body):
    """Body: offset, chunks and, if promised, their checksum."""
    with clock.at(stage.now):
        return uploads.receive(actor, token, writer.Arriving(*body), stage.now)


def look(stage, actor, token):
    with stage.act(write=False):
        return uploads.look(actor, token)


def breaking(raw, after):
    """A connection that ends within the body."""
    yield raw[:after]
    raise writer.Interrupted


def stored(upload):
    with site().blobs.open(upload.blob_key) as file:
        return file.read()


def test_a_whole_file_is_stored_and_hashed(stage, actor):
    upload = send(stage, actor, create(stage, actor), 0, [RAW])
    assert upload.state is UploadState.DONE
    assert upload.sha256 == hashlib.sha256(RAW).hexdigest()
    assert stored(upload) == RAW
    assert upload.lease is None


def test_a_broken_upload_resumes_where_it_broke(stage, actor):
    token = create(stage, actor)
    with pytest.raises(writer.Interrupted):
        send(stage, actor, token, 0, breaking(RAW, 300_001))
    held = look(stage, actor, token)
    assert (held.size, held.state) == (300_001, UploadState.OPEN)
    done = send(stage, actor, token, held.size, [RAW[held.size :]])
    assert done.sha256 == hashlib.sha256(RAW).hexdigest()


def test_many_small_pieces_give_the_same_hash(stage, actor):
    token = create(stage, actor)
    for offset in range(0, len(RAW), 200_000):
        upload = send(stage, actor, token, offset, [RAW[offset : offset + 200_000]])
    assert upload.sha256 == hashlib.sha256(RAW).hexdigest()


@pytest.mark.parametrize("offset", [1, 5, len(RAW), len(RAW) + 1])
def test_a_wrong_offset_is_refused_and_the_right_one_told(stage, actor, offset):
    token = create(stage, actor)
    with pytest.raises(Conflict) as refused:
        send(stage, actor, token, offset, [b"x"])
    assert refused.value.code == "upload.offset"
    assert refused.value.detail["offset"] == 0


def test_more_bytes_than_said_are_refused_and_not_kept(stage, actor):
    token = create(stage, actor, 10)
    with pytest.raises(Invalid) as refused:
        send(stage, actor, token, 0, writer.body(io.BytesIO(b"x" * 11), 10))
    assert refused.value.code == "upload.overrun"
    assert look(stage, actor, token).size == 0


def test_bytes_that_do_not_match_their_checksum_are_dropped(stage, actor):
    token = create(stage, actor)
    good = Checksum("sha256", hashlib.sha256(RAW[:1000]).digest())
    send(stage, actor, token, 0, [RAW[:1000]], good)
    with pytest.raises(Invalid) as refused:
        send(stage, actor, token, 1000, [RAW[1000:2000]], good)
    assert refused.value.code == "upload.checksum"
    assert look(stage, actor, token).size == 1000
    rest = send(stage, actor, token, 1000, [RAW[1000:]], Checksum("sha1", hashlib.sha1(RAW[1000:]).digest()))
    assert rest.sha256 == hashlib.sha256(RAW).hexdigest()


def test_with_a_checksum_a_broken_body_keeps_nothing_of_it(stage, actor):
    token = create(stage, actor)
    with pytest.raises(writer.Interrupted):
        send(stage, actor, token, 0, breaking(RAW, 5000), Checksum("sha256", bytes(32)))
    assert look(stage, actor, token).size == 0


def test_two_requests_never_write_one_file_at_once(stage, actor):
    token = create(stage, actor)

    def racing():
        yield RAW[:1000]
        with pytest.raises(Conflict) as refused:
            send(stage, actor, token, 0, [b"y" * len(RAW)])
        assert refused.value.code == "upload.locked"
        yield RAW[1000:]

    assert stored(send(stage, actor, token, 0, racing())) == RAW


def test_a_request_whose_lease_was_taken_over_never_writes_again(stage, actor, monkeypatch):
    token = create(stage, actor)

    def stalled():
        yield RAW[:1000]
        # six silent seconds later somebody else has the lease
        with transaction():
            from kernel.db import db

            db.session.query(Upload).filter_by(token=token).update({"lease": "other"})
        monkeypatch.setattr(rules, "LEASE", seconds(0))
        yield RAW[1000:]

    with pytest.raises(Conflict):
        send(stage, actor, token, 0, stalled())
    assert look(stage, actor, token).size == 0


def test_a_lease_left_by_a_killed_server_ends_by_itself(stage, actor):
    token = create(stage, actor)
    with stage.act():
        from kernel.db import db

        row = db.session.query(Upload).filter_by(token=token).one()
        row.lease, row.lease_until = "dead", clock.wall() - seconds(1)
    assert send(stage, actor, token, 0, [RAW]).state is UploadState.DONE


def test_a_file_that_was_whole_when_its_writer_died_is_hashed_by_the_worker(stage, actor):
    token = create(stage, actor, len(RAW))
    with stage.act():
        from kernel.db import db

        row = db.session.query(Upload).filter_by(token=token).one()
        site().blobs.append(row.blob_key, 0, [RAW])
        row.size = len(RAW)
    assert uploads.finish_left(stage.now)
    assert look(stage, actor, token).sha256 == hashlib.sha256(RAW).hexdigest()
    assert not uploads.finish_left(stage.now)


def test_a_finished_file_takes_no_more_bytes(stage, actor):
    token = create(stage, actor, 4)
    send(stage, actor, token, 0, [b"done"])
    with pytest.raises(Conflict) as refused:
        send(stage, actor, token, 4, [b"more"])
    assert refused.value.code == "upload.complete"
    assert stored(look(stage, actor, token)) == b"done"


def test_an_upload_is_its_organizations_own(stage, actor):
    token = create(stage, actor)
    other = stage.bidder_of("b").actor
    for ask in (lambda: look(stage, other, token), lambda: send(stage, other, token, 0, [b"x"])):
        with pytest.raises(NotFound):
            ask()
    with stage.act(), pytest.raises(NotFound):
        uploads.discard(other, token)
    with pytest.raises(Forbidden):
        create(stage, stage.owner)


def test_a_discarded_upload_is_gone(stage, actor):
    token = create(stage, actor)
    with stage.act():
        uploads.discard(actor, token)
    with pytest.raises(NotFound):
        look(stage, actor, token)


def test_an_expired_upload_is_swept_with_its_bytes(stage, actor):
    token = create(stage, actor, 4)
    upload = send(stage, actor, token, 0, [b"done"])
    assert not uploads.sweep(stage.now)
    assert uploads.sweep(stage.now + rules.UPLOAD_LIFE + seconds(1))
    assert not uploads.sweep(stage.now + rules.UPLOAD_LIFE + seconds(1))
    with pytest.raises(FileNotFoundError):
        site().blobs.open(upload.blob_key)


def test_what_a_bid_took_is_never_swept(stage):
    lot = stage.one_lot()
    stage.bid(lot, "a")
    assert not uploads.sweep(stage.now + 2 * rules.UPLOAD_LIFE)


def test_an_organization_holds_no_more_than_its_quota(stage, actor):
    limit = site().settings.upload_max
    for _ in range(rules.QUOTA_FILES):
        create(stage, actor, limit)
    with pytest.raises(TooMany) as refused:
        create(stage, actor, 1)
    assert refused.value.code == "upload.quota"
    create(stage, stage.bidder_of("b").actor, 1)


class FullDisk(FolderStore):
    """A store whose disk fills up after some bytes."""

    def __init__(self, root, room):
        super().__init__(root)
        self.room = room

    def append(self, key, offset, chunks):
        def until_full():
            passed = 0
            for chunk in chunks:
                passed += len(chunk)
                if offset + passed > self.room:
                    raise OSError(errno.ENOSPC, "No space left on device")
                yield chunk

        with full_disk_refused():
            return super().append(key, offset, until_full())


def test_a_full_disk_is_said_what_arrived_is_kept_and_the_upload_goes_on_later(stage, actor):
    whole = site().blobs
    token = create(stage, actor)
    pieces = [RAW[at : at + 1000] for at in range(0, len(RAW), 1000)]
    object.__setattr__(site(), "blobs", FullDisk(whole.root, 600_000))
    with pytest.raises(Unavailable) as refused:
        send(stage, actor, token, 0, pieces)
    assert refused.value.code == "storage.full"
    held = look(stage, actor, token)
    assert held.size == 600_000
    object.__setattr__(site(), "blobs", whole)
    assert stored(send(stage, actor, token, held.size, [RAW[held.size :]])) == RAW


def test_the_metadata_a_client_sends_names_the_file(stage, actor):
    from bidding import tus

    said = tus.metadata("filename " + base64.b64encode("投标.age".encode()).decode())
    with stage.act() as now:
        assert uploads.create(actor, said["filename"], 1, now).filename == "投标.age"
