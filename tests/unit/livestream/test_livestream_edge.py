"""The edge over real sockets on loopback: streams, replay, files, limits, the nodes' inbox."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from livestream import connection, edge, hub, watching
from livestream.hub import Plan

LOT = "E9901010000000117001001"
OTHER = "E9901010000000117001002"


class Viewer:
    """A client on a raw socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = b""

    async def ask(self, line: str, *headers: str) -> Viewer:
        self.writer.write("\r\n".join([f"{line} HTTP/1.1", *headers, "", ""]).encode())
        self.head = await self.reader.readuntil(b"\r\n\r\n")
        return self

    async def body(self) -> bytes:
        length = next(line for line in self.head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        return await self.reader.readexactly(int(length.split(b":")[1]))

    async def event(self) -> bytes:
        """The next event, comments and retry left out."""
        while True:
            block = await asyncio.wait_for(self.reader.readuntil(b"\n\n"), 5)
            if block.startswith(b"id: "):
                return block

    @property
    def status(self) -> int:
        return int(self.head.split(b" ")[1])

    def header(self, name: str) -> str | None:
        found = [line for line in self.head.decode().split("\r\n") if line.lower().startswith(name + ":")]
        return found[0].partition(":")[2].strip() if found else None


class Stage:
    """An edge in this loop, and the folder it serves."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.viewers: list[Viewer] = []

    async def viewer(self) -> Viewer:
        found = Viewer(*await asyncio.open_connection("127.0.0.1", self.port))
        self.viewers.append(found)
        return found

    async def get(self, path: str, *headers: str, method: str = "GET") -> Viewer:
        return await (await self.viewer()).ask(f"{method} {path}", *headers)

    def tell(self, count: int, lot: str = LOT, *, size: int = 0) -> None:
        path = self.folder / "lots" / lot / "events" / "events.ndjson"
        path.parent.mkdir(parents=True, exist_ok=True)
        known = path.read_bytes().count(b"\n") if path.exists() else 0
        with path.open("ab") as file:
            for number in range(known + 1, known + count + 1):
                file.write(json.dumps({"seq": number, "kind": "bid.unsealed", "pad": "x" * size}).encode() + b"\n")


@contextlib.asynccontextmanager
async def served(folder: Path, **more):
    plan = Plan(**{"public": folder, **more})
    sock, stop = edge.listener("127.0.0.1", 0), asyncio.Event()
    task = asyncio.create_task(edge.serve(plan, sock, stop))
    stage = Stage(folder, sock.getsockname()[1])
    try:
        yield stage
    finally:
        for viewer in stage.viewers:
            viewer.writer.close()
            with contextlib.suppress(OSError):
                await viewer.writer.wait_closed()
        stop.set()
        await task


def play(scenario) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


def ids(blocks: list[bytes]) -> list[int]:
    return [int(block.split(b"\n")[0][4:]) for block in blocks]


@pytest.mark.parametrize("last", [0, 1, 7, 149, 150])
def test_a_stream_replays_from_any_id_and_goes_on_live_in_order(tmp_path, last):
    async def scenario():
        async with served(tmp_path) as stage:
            stage.tell(150)
            viewer = await stage.get(f"/live/{LOT}/events", f"Last-Event-ID: {last}")
            assert viewer.header("content-type") == "text/event-stream; charset=utf-8"
            stage.tell(3)
            found = ids([await viewer.event() for _ in range(153 - last)])
            assert found == list(range(last + 1, 154))

    play(scenario())


@pytest.mark.parametrize("last", ["-1", "x", "99999999999999", "151", "١"])
def test_an_id_nobody_gave_out_replays_everything(tmp_path, last):
    async def scenario():
        async with served(tmp_path) as stage:
            stage.tell(2)
            viewer = await stage.viewer()
            viewer.writer.write(f"GET /live/{LOT}/events HTTP/1.1\r\nLast-Event-ID: {last}\r\n\r\n".encode())
            assert ids([await viewer.event(), await viewer.event()]) == [1, 2]

    play(scenario())


def test_the_first_id_may_stand_in_the_address(tmp_path):
    async def scenario():
        async with served(tmp_path) as stage:
            stage.tell(5)
            viewer = await stage.get(f"/live/{LOT}/events?last_event_id=4")
            assert ids([await viewer.event()]) == [5]

    play(scenario())


def test_two_viewers_get_the_same_bytes_and_another_lots_viewer_nothing(tmp_path):
    async def scenario():
        async with served(tmp_path) as stage:
            one, two = [await stage.get(f"/live/{LOT}/events") for _ in range(2)]
            other = await stage.get(f"/live/{OTHER}/events")
            stage.tell(20)
            stage.tell(1, OTHER)
            assert [await one.event() for _ in range(20)] == [await two.event() for _ in range(20)]
            assert ids([await other.event()]) == [1]

    play(scenario())


def test_nothing_is_readable_of_a_lot_before_its_opening_and_the_stream_waits(tmp_path):
    async def scenario():
        async with served(tmp_path) as stage:
            viewer = await stage.get(f"/live/{LOT}/events")
            assert viewer.status == 200
            for name in ("head.json", "p/000001.json", "events.ndjson"):
                assert (await stage.get(f"/public/lots/{LOT}/events/{name}")).status == 404
            retry = await viewer.reader.readuntil(b"\n\n")
            assert retry.startswith(b"retry: ")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(viewer.reader.read(1), 0.3)
            stage.tell(1)
            assert ids([await viewer.event()]) == [1]

    play(scenario())


def test_half_a_line_is_not_told_before_it_is_whole(tmp_path):
    async def scenario():
        async with served(tmp_path) as stage:
            viewer = await stage.get(f"/live/{LOT}/events")
            stage.tell(1)
            with (tmp_path / "lots" / LOT / "events" / "events.ndjson").open("ab") as file:
                file.write(b'{"seq": 2, "kind": ')
                file.flush()
                assert ids([await viewer.event()]) == [1]
                await asyncio.sleep(3 * hub.TAIL_SECONDS)
                file.write(b'"opening.ended"}\n')
                file.flush()
            assert b"opening.ended" in await viewer.event()

    play(scenario())


def until_closed(raw):
    """How many bytes came before the other side closed."""
    raw.settimeout(10)
    received = 0
    with raw:
        while chunk := raw.recv(65536):
            received += len(chunk)
    return received


def test_a_reader_who_cannot_keep_up_is_dropped_and_returns_where_it_was(tmp_path):
    async def scenario():
        async with served(tmp_path) as stage:
            raw = socket.socket()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            raw.connect(("127.0.0.1", stage.port))
            raw.sendall(f"GET /live/{LOT}/events HTTP/1.1\r\n\r\n".encode())
            quick = await stage.get(f"/live/{LOT}/events")
            for _ in range(14):
                stage.tell(1, size=60_000)
                await quick.event()
            assert 0 < await asyncio.to_thread(until_closed, raw) < 600_000
            again = await stage.get(f"/live/{LOT}/events", "Last-Event-ID: 12")
            assert ids([await again.event(), await again.event()]) == [13, 14]

    play(scenario())


def test_a_long_replay_reaches_a_slow_start_without_being_dropped(tmp_path):
    async def scenario():
        async with served(tmp_path) as stage:
            stage.tell(400, size=2000)
            viewer = await stage.get(f"/live/{LOT}/events")
            await asyncio.sleep(0.2)
            stage.tell(1)
            assert ids([await viewer.event() for _ in range(401)]) == list(range(1, 402))

    play(scenario())


def test_pings_are_comments(tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "PING_SECONDS", 0.05)

    async def scenario():
        async with served(tmp_path) as stage:
            viewer = await stage.get(f"/live/{LOT}/events")
            await viewer.reader.readuntil(b"\n\n")
            assert await asyncio.wait_for(viewer.reader.readuntil(b"\n\n"), 5) == watching.PING

    play(scenario())


def test_files_come_whole_in_part_by_head_and_not_again_when_unchanged(tmp_path):
    (tmp_path / "record.json").write_bytes(b"0123456789" * 100_000)

    async def scenario():
        async with served(tmp_path) as stage:
            viewer = await stage.get("/public/record.json")
            assert (viewer.status, viewer.header("access-control-allow-origin")) == (200, "*")
            assert await viewer.body() == b"0123456789" * 100_000
            tag = viewer.header("etag")
            await viewer.ask("GET /public/record.json", f"If-None-Match: {tag}")
            assert viewer.status == 304
            await viewer.ask("GET /public/record.json", "Range: bytes=10-14")
            assert (viewer.status, viewer.header("content-range")) == (206, "bytes 10-14/1000000")
            assert await viewer.body() == b"01234"
            await viewer.ask("GET /public/record.json", "Range: bytes=2000000-")
            assert (viewer.status, viewer.header("content-range")) == (416, "bytes */1000000")
            await viewer.ask("HEAD /public/record.json")
            assert (viewer.status, viewer.header("content-length")) == (200, "1000000")
            await viewer.ask("GET /public/none.json")
            assert viewer.status == 404

    play(scenario())


@pytest.mark.parametrize(
    "path",
    [
        "/public/../secret",
        "/public/%2e%2e/secret",
        "/public/..%2fsecret",
        "/public//secret",
        "/public/%00",
        "/secret",
        "/public/",
    ],
)
def test_a_path_leads_nowhere_else(tmp_path, path):
    public = tmp_path / "public"
    public.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")

    async def scenario():
        async with served(public) as stage:
            assert (await stage.get(path)).status in (400, 404)

    play(scenario())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST /public/a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", b"413"),
        (b"POST /public/a HTTP/1.1\r\n\r\n", b"405"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 2000, b"431"),
    ],
)
def test_a_bad_request_gets_its_answer_and_no_more(tmp_path, sent, status):
    async def scenario():
        async with served(tmp_path) as stage:
            viewer = await stage.viewer()
            viewer.writer.write(sent)
            assert (await viewer.reader.readuntil(b"\r\n")).split(b" ")[1] == status
            assert (await stage.get("/healthz")).status == 200

    play(scenario())


def test_many_requests_in_one_packet_are_answered_in_order(tmp_path):
    (tmp_path / "a.json").write_bytes(b"{}")

    async def scenario():
        async with served(tmp_path) as stage:
            viewer = await stage.viewer()
            viewer.writer.write(b"GET /public/a.json HTTP/1.1\r\n\r\n" * 200)
            for _ in range(200):
                viewer.head = await viewer.reader.readuntil(b"\r\n\r\n")
                assert await viewer.body() == b"{}"

    play(scenario())


def test_an_address_gets_so_many_connections_and_room_again_when_one_leaves(tmp_path):
    async def scenario():
        async with served(tmp_path, per_address=2) as stage:
            first, second = [await stage.get(f"/live/{LOT}/events") for _ in range(2)]
            refused = await stage.viewer()
            refused.head = await refused.reader.readuntil(b"\r\n\r\n")
            assert refused.status == 503
            assert refused.header("retry-after")
            first.writer.close()
            await asyncio.sleep(0.1)
            assert (await stage.get(f"/live/{LOT}/events")).status == 200
            assert second.status == 200

    play(scenario())


def test_who_sends_no_whole_head_in_time_is_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)

    async def scenario():
        async with served(tmp_path) as stage:
            viewer = await stage.viewer()
            viewer.writer.write(b"GET / HTT")
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(viewer.reader.read(1), 5) == b""

    play(scenario())


def test_a_node_waits_for_its_mail_and_gets_it_as_soon_as_it_is_there(tmp_path):
    async def scenario():
        async with served(tmp_path, public=None, inbox=tmp_path) as stage:
            assert (await stage.get("/inbox/audit/1?wait=0")).status == 204
            waiting = asyncio.create_task(stage.get("/inbox/audit/1?wait=10"))
            await asyncio.sleep(0.2)
            assert not waiting.done()
            (tmp_path / "audit").mkdir()
            (tmp_path / "audit" / "00000001.age").write_bytes(b"mail")
            viewer = await asyncio.wait_for(waiting, 2)
            assert (viewer.status, await viewer.body()) == (200, b"mail")
            assert (await stage.get("/inbox/audit/2?wait=1")).status == 204
            for path in (
                "/inbox/audit/0",
                "/inbox/../1",
                "/inbox/audit/1.age",
                "/public/audit/00000001.age",
                f"/live/{LOT}/events",
            ):
                assert (await stage.get(path)).status == 404

    play(scenario())


def test_the_edge_holds_no_module_of_the_application():
    code = (
        "import sys, livestream.edge; "
        "own = {'livestream', 'livestream.edge', 'livestream.connection', 'livestream.hub', 'livestream.released', "
        "'livestream.watching', 'livestream.wire'}; "
        "print(sorted(n for n in sys.modules if n not in own and n.split('.')[0] not in sys.stdlib_module_names "
        "and not n.startswith('__')))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
