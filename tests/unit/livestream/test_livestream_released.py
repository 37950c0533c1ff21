"""Which files of the public folder are served, and which part of them."""

from __future__ import annotations

import os

import pytest

from livestream import released, wire
from livestream.released import Part


@pytest.fixture
def root(tmp_path):
    public = tmp_path / "public"
    (public / "lots" / "E1" / "events" / "p").mkdir(parents=True)
    (public / "a.json").write_bytes(b"0123456789")
    (public / ".hidden").write_bytes(b"x")
    (tmp_path / "secret").write_bytes(b"secret")
    (public / "link").symlink_to(tmp_path / "secret")
    (public / "linked").symlink_to(tmp_path, target_is_directory=True)
    (public / "投标文件.pdf").write_bytes(b"%PDF")
    return public


@pytest.mark.parametrize(
    "name",
    [
        "../secret", "..", ".", "", "/etc/passwd", "lots/../../secret", "a.json/", "//a.json", "lots", "link",
        "linked/secret", ".hidden", "lots/E1/events/./p", "a.json\0", "..\\secret", "lots/E1/..", "~root", "x" * 5000,
        "/".join(["a"] * 40),
    ],
)  # fmt: skip
def test_nothing_outside_the_folder_and_nothing_hidden_is_found(root, name):
    assert released.find(root, name) is None


def test_a_folder_reached_through_a_link_still_serves_its_own_files(root, tmp_path):
    (tmp_path / "current").symlink_to(root, target_is_directory=True)
    assert released.find(tmp_path / "current", "a.json") is not None


def test_a_file_has_a_tag_a_type_and_a_name_in_any_script(root):
    file = released.find(root, "a.json")
    assert (file.size, file.media_type) == (10, "application/json")
    assert released.unchanged(file, f'W/{file.etag}, "other"')
    assert not released.unchanged(file, '"other"')
    assert released.find(root, "投标文件.pdf").media_type == "application/pdf"
    before = file.etag
    (root / "a.json").write_bytes(b"changed")
    os.utime(root / "a.json", ns=(1, 1))
    assert released.find(root, "a.json").etag != before


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-3", Part(0, 4)),
        ("bytes=4-", Part(4, 6)),
        ("bytes=-3", Part(7, 3)),
        ("bytes=-30", Part(0, 10)),
        ("bytes=8-99", Part(8, 2)),
        ("bytes=0-1,4-5", None),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("lines=0-1", None),
        ("bytes=x-1", None),
        (None, None),
    ],
)
def test_a_range_gives_its_part_and_nonsense_the_whole(root, wanted, part):
    assert released.part(released.find(root, "a.json"), wanted, None) == part


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_outside_the_file_is_not_satisfiable(root, wanted):
    with pytest.raises(released.UnsatisfiableError):
        released.part(released.find(root, "a.json"), wanted, None)


def test_a_range_of_a_copy_that_changed_gives_the_whole_file(root):
    file = released.find(root, "a.json")
    assert released.part(file, "bytes=0-3", '"old"') is None
    assert released.part(file, "bytes=0-3", file.etag) == Part(0, 4)


def test_a_page_of_events_is_for_ever_once_the_next_exists(root):
    pages = root / "lots" / "E1" / "events" / "p"
    (pages / "000001.json").write_bytes(b"[]")
    assert released.find(root, "lots/E1/events/p/000001.json").caching == released.FRESH
    (pages / "000002.json").write_bytes(b"[]")
    assert released.find(root, "lots/E1/events/p/000001.json").caching == released.FOREVER
    assert released.find(root, "lots/E1/events/p/000002.json").caching == released.FRESH


@pytest.mark.parametrize(
    "head",
    [
        b"", b"GET / HTTP/2.0", b"get / HTTP/1.1", b"GET  / HTTP/1.1", b"GET http://x/ HTTP/1.1", b"GET / HTTP/1.1\r\nA b",
        b"GET / HTTP/1.1\r\nContent-Length: 3", b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked", b"GET /%ff HTTP/1.1",
        b"GET /a%00b HTTP/1.1", b"GET /\x80 HTTP/1.1", b"GET / HTTP/1.1\r\n folded: x", b"GET / HTTP/1.1\nA: b",
    ],
)  # fmt: skip
def test_a_malformed_head_is_refused(head):
    with pytest.raises(wire.WireError):
        wire.parse(head)


def test_a_head_is_read():
    asked = wire.parse(b"GET /live/E1/events?last_event_id=7&x=%20 HTTP/1.1\r\nLast-Event-ID: 9 \r\nConnection: close")
    assert (asked.path, asked.query["last_event_id"], asked.headers["last-event-id"]) == ("/live/E1/events", "7", "9")
    assert not asked.keep_alive
    assert wire.parse(b"GET / HTTP/1.1").keep_alive
    assert not wire.parse(b"GET / HTTP/1.0").keep_alive
