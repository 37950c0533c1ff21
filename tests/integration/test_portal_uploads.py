"""Uploads through the portal in pieces: the hash is that of the whole file, however it came."""

from __future__ import annotations

import hashlib

import pytest
from portal_doors import Street, built

from bidding import digests
from bidding.models import Upload

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {**TUS, "Content-Type": "application/offset+octet-stream"}
RAW = bytes(range(256)) * 5000


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    yield from built(tmp_path_factory.mktemp("uploads"), bidders="")


def created(street: Street) -> str:
    headers = {**TUS, "Upload-Length": str(len(RAW))}
    answer = street.ask("POST", "/api/v1/uploads", street.people["bidding"], headers=headers)
    return "/api" + answer.headers["Location"].partition("/api")[2]


def patched(street: Street, path: str, start: int, end: int, **more):
    headers = {**BODY, "Upload-Offset": str(start)}
    return street.ask("PATCH", path, street.people["bidding"], headers=headers, data=RAW[start:end], **more)


def stored(street: Street, path: str) -> Upload:
    found = street.stage.rows(Upload, Upload.token == path.rpartition("/")[2])[0]
    assert isinstance(found, Upload)
    return found


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_file_in_pieces_has_the_hash_of_the_whole(street: Street, monkeypatch, forgotten):
    path = created(street)
    for start in range(0, len(RAW), 300_000):
        if forgotten:  # as after a restart, or when another process gets the next piece
            monkeypatch.setattr(digests, "begun", digests.Begun())
        assert patched(street, path, start, start + 300_000).status_code == 204
    assert stored(street, path).sha256 == hashlib.sha256(RAW).hexdigest()


def test_a_piece_refused_for_its_checksum_leaves_no_trace_in_the_hash(street: Street):
    path = created(street)
    patched(street, path, 0, 1000)
    headers = {**BODY, "Upload-Offset": "1000", "Upload-Checksum": "sha256 " + "A" * 43 + "="}
    wrong = street.ask("PATCH", path, street.people["bidding"], headers=headers, data=b"x" * 500)
    assert wrong.status_code == 460
    patched(street, path, 1000, len(RAW))
    assert stored(street, path).sha256 == hashlib.sha256(RAW).hexdigest()


def test_a_truncated_body_keeps_what_came_and_its_hash_is_still_right(street: Street):
    path = created(street)
    patched(street, path, 0, 1000)
    told = {"CONTENT_LENGTH": str(len(RAW) - 1000)}
    broken = patched(street, path, 1000, 700_000, environ_overrides=told)
    assert (broken.status_code, broken.json["code"]) == (400, "upload.interrupted")
    kept = stored(street, path).size
    assert kept == 700_000
    assert patched(street, path, kept, len(RAW)).status_code == 204
    assert stored(street, path).sha256 == hashlib.sha256(RAW).hexdigest()


def test_two_uploads_at_once_do_not_share_a_hash(street: Street):
    one, other = created(street), created(street)
    for start in range(0, len(RAW), 400_000):
        assert patched(street, one, start, start + 400_000).status_code == 204
        assert patched(street, other, start, start + 400_000).status_code == 204
    whole = hashlib.sha256(RAW).hexdigest()
    assert [stored(street, path).sha256 for path in (one, other)] == [whole, whole]
