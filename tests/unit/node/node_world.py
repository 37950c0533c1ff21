"""Four nodes, a log that may lie, and a network between them that may lose things: all real but the wires."""

from __future__ import annotations

import datetime as dt
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel import canonical, keys, merkle
from sealing import age
from supervision import entries, facts, tiles
from supervision.checkpoint import Checkpoint
from supervision.node import card
from supervision.node.loop import Loop
from supervision.node.node import Addresses, Node, pin
from supervision.node.request import AddCheckpoint
from supervision.node.serve import Desk
from supervision.node.transport import UnreachableError
from supervision.note import Note, Signature
from supervision.note_key import NoteKey
from supervision.policy import Policy

START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
ORGS = {"supervisor": "监督局", "manager": "管理办", "audit": "审计局", "notary": "公证处"}
ADDRESSES = Addresses("http://portal", "http://inbox")


@dataclass
class Hands:
    """A clock that tests move: `pass_` lets time go by, `step` sets the clock to another time."""

    instant: dt.datetime = START
    counter: dt.timedelta = dt.timedelta(0)

    def now(self) -> dt.datetime:
        return self.instant

    def steady(self) -> dt.timedelta:
        return self.counter

    def pass_(self, seconds: int) -> None:
        self.instant += dt.timedelta(seconds=seconds)
        self.counter += dt.timedelta(seconds=seconds)

    def step(self, seconds: int) -> None:
        self.instant += dt.timedelta(seconds=seconds)


@dataclass
class Log:
    """One key; a tree is a list of entries, and there may be several (`branch`)."""

    key: NoteKey = field(default_factory=lambda: NoteKey.generate("practice/log"))
    entries: list[bytes] = field(default_factory=list)

    def append(self, *found: facts.Fact | bytes) -> int:
        """Add facts or raw entries; the index of the last."""
        for one in found:
            self.entries.append(one if isinstance(one, bytes) else entries.open_entry(one.to_json()))
        return len(self.entries) - 1

    def cover(self, count: int) -> None:
        self.append(*(entries.cover_entry() for _ in range(count)))

    def branch(self, size: int) -> Log:
        """Another tree under the same key, equal up to `size`."""
        return Log(self.key, self.entries[:size])

    def root(self, size: int | None = None) -> bytes:
        return merkle.root(self.entries[:size])

    def note(self, size: int | None = None) -> Note:
        wanted = len(self.entries) if size is None else size
        text = Checkpoint(self.key.name, wanted, self.root(wanted)).text
        return Note(text, (self.key.sign(text),))

    def proof(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        wanted = len(self.entries) if size is None else size
        hashes = [merkle.leaf_hash(entry) for entry in self.entries[:wanted]]
        return tuple(merkle.consistency_proof(hashes, old, wanted))

    def request(self, old: int, size: int | None = None) -> AddCheckpoint:
        from supervision.node.request import TreeHead

        note = self.note(size)
        return AddCheckpoint(old, self.proof(old, size), note, TreeHead.of(note.text))

    def get(self, path: str) -> bytes:
        """The tile or bundle as an honest server of this tree has it."""
        match = re.fullmatch(r"tile/(entries|\d+)/([x0-9/]+?)(?:\.p/(\d+))?", path)
        if match is None:
            raise tiles.TileError(path)
        number, width = int(match[2].replace("x", "").replace("/", "")), int(match[3] or tiles.WIDTH)
        first = number * tiles.WIDTH
        if match[1] == "entries":
            found = self.entries[first : first + width]
            if len(found) < width:
                raise tiles.TileError(path)
            return tiles.bundle(found)
        return b"".join(self._hash(int(match[1]), first + place) for place in range(width))

    def _hash(self, level: int, place: int) -> bytes:
        span = tiles.WIDTH**level
        part = self.entries[place * span : (place + 1) * span]
        if len(part) < span:
            raise tiles.TileError("not there yet")
        return merkle.root(part)


@dataclass
class Net:
    """Routes by host name; `down` hosts do not answer, `tamper` sees every file of the log before the node does."""

    served: Log
    nodes: dict[str, Node] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    tamper: Callable[[str, bytes], bytes | None] = lambda _, raw: raw
    published: Note | None = None
    mail: dict[str, list[bytes]] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    status: int = 204
    gets: list[str] = field(default_factory=list)

    def get(self, url: str, wait: int = 0) -> bytes | None:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        self.gets.append(url)
        if host in self.down:
            raise UnreachableError(url)
        if host == "log":
            return self._log(parts.path.lstrip("/"))
        if host == "inbox":
            _, _, name, number = parts.path.split("/")
            box = self.mail.get(name, [])
            return box[int(number) - 1] if int(number) <= len(box) else None
        if host not in self.nodes:
            raise UnreachableError(url)
        reply = Desk(self.nodes[host]).get(parts.path, dict(urllib.parse.parse_qsl(parts.query)))
        return reply.body if reply.status == 200 else None

    def post(self, url: str, body: bytes, content_type: str) -> int:
        host = urllib.parse.urlsplit(url).hostname or ""
        if host in self.nodes and host not in self.down:
            return Desk(self.nodes[host]).post(urllib.parse.urlsplit(url).path, body).status
        if host in ("portal", *self.nodes, *ORGS) and (host != "portal" or host in self.down):
            raise UnreachableError(url)
        if 200 <= self.status < 300:
            self.answers.append({"node": url.split("/")[-2], **canonical.decode(body)})
        return self.status

    def _log(self, path: str) -> bytes | None:
        if path in ("checkpoint", "checkpoint.cosigned"):
            return None if self.published is None else self.published.encode()
        try:
            return self.tamper(path, self.served.get(path))
        except tiles.TileError:
            return None

    def taken(self, kind: str, node: str | None = None) -> list[dict[str, Any]]:
        return [a["body"] for a in self.answers if a["kind"] == kind and node in (None, a["node"])]


@dataclass
class World:
    folder: Path
    log: Log
    net: Net
    hands: dict[str, Hands]
    policy: Policy
    platform: keys.PrivateKey
    nodes: dict[str, Node] = field(default_factory=dict)
    emitted: list[tuple[str, bytes]] = field(default_factory=list)

    def open(self, name: str) -> Node:
        """Start (or restart) a node on its state."""
        if name in self.nodes:
            self.nodes[name].close()
        node = Node.open(self.folder / name, ADDRESSES, self.hands[name], self.net)
        self.nodes[name] = self.net.nodes[name] = node
        return node

    def stop(self, name: str) -> None:
        self.net.nodes.pop(name, None)
        self.nodes.pop(name).close()

    def close(self) -> None:
        for node in self.nodes.values():
            node.close()

    @property
    def node(self) -> Node:
        return self.nodes["supervisor"]

    def loop(self, name: str = "supervisor") -> Loop:
        return Loop(self.nodes[name])

    def add(self, request: AddCheckpoint | bytes, name: str = "supervisor"):
        """POST add-checkpoint; every line that comes back is remembered for the oracle."""
        raw = request if isinstance(request, bytes) else request.encode()
        reply = Desk(self.nodes[name]).post("/add-checkpoint", raw)
        if reply.status == 200:
            note = Note.parse(raw.partition(b"\n\n")[2])
            self.emitted.append((note.text, reply.body.decode().strip()))
        return reply

    def advance(self, size: int | None = None, name: str = "supervisor"):
        """Hand in the log's checkpoint as an honest log would."""
        return self.add(self.log.request(self.nodes[name].mirror.head().size, size), name)

    def mail(self, kind: str, body: dict[str, Any], *names: str) -> None:
        for name in names or tuple(ORGS):
            content = canonical.encode({"kind": kind, "body": body, "sent_at": "2026-11-23T01:00:00Z"})
            recipient = self.policy.witnesses[name].inbox
            self.net.mail.setdefault(name, []).append(age.encrypt_bytes(content, recipient))

    def announce(self, *names: str) -> None:
        self.mail("checkpoint", {"note": self.log.note().encode().decode()}, *names)

    def settle(self, *names: str, rounds: int = 3) -> None:
        """Let nodes fetch, work, look around and post, a few times."""
        for _ in range(rounds):
            for name in names or tuple(self.nodes):
                loop = self.loop(name)
                while self.nodes[name].inbox.fetch(0):
                    pass
                loop.look_around()
                loop.step()
                loop.post()

    def pass_(self, seconds: int) -> None:
        for hands in self.hands.values():
            hands.pass_(seconds)

    def lines(self) -> list[tuple[str, Signature]]:
        """Every cosignature that ever left a node: (checkpoint text, line)."""
        found = [(text, Signature.parse(line)) for text, line in self.emitted]
        for body in self.net.taken("cosignature"):
            texts = {note.text for node in self.nodes.values() for note in _notes(node, body["size"])}
            line = Signature.parse(body["line"])
            found += [(text, line) for text in texts if self._made(text, line)]
        return found

    def _made(self, text: str, line: Signature) -> bool:
        for witness in self.policy.witnesses.values():
            if witness.verifier.made(line):
                try:
                    witness.verifier.verify(text, line)
                except ValueError:
                    return False
                return True
        return False


def _notes(node: Node, size: int) -> list[Note]:
    return [Note.parse(row[0]) for row in node.state.rows("SELECT raw FROM note WHERE size = ?", size)]


def make_world(folder: Path, names: tuple[str, ...] = tuple(ORGS), started: tuple[str, ...] = ("supervisor",)) -> World:
    """Keys, cards, policy and log; `started` nodes run."""
    log, platform = Log(), keys.generate()
    cards = [card.make(folder / name, f"practice/{name}", ORGS[name], f"http://{name}") for name in names]
    spelled = keys.spell(platform.public_key())
    raw = card.policy_text(f"{log.key.vkey} http://log", spelled, cards, 3).encode()
    for name in names:
        pin(folder / name, raw)
    policy = Policy.parse(raw)
    log.append(facts.Genesis(origin=log.key.name, policy_sha256=policy.sha256))
    world = World(folder, log, Net(log), {name: Hands() for name in names}, policy, platform)
    for name in started:
        world.open(name)
    return world


def check_oracle(world: World, branches: list[Log]) -> None:
    """Section 5's oracle: for each key all cosigned checkpoints are pairwise consistent; time and size never fall."""
    for witness in world.policy.witnesses.values():
        own = [(Checkpoint.parse(text), line) for text, line in world.lines() if witness.verifier.made(line)]
        own.sort(key=lambda pair: (int.from_bytes(pair[1].blob[:8], "big"), pair[0].size))
        sizes = [checkpoint.size for checkpoint, _ in own]
        assert sizes == sorted(sizes), f"{witness.name} signed a smaller tree later"
        for checkpoint, _ in own:
            assert any(
                len(tree.entries) >= checkpoint.size and tree.root(checkpoint.size) == checkpoint.root
                for tree in branches
            )
        for first, _ in own:
            for second, _ in own:
                assert _consistent(first, second, branches), f"{witness.name} signed two trees"


def _consistent(first: Checkpoint, second: Checkpoint, branches: list[Log]) -> bool:
    return any(
        max(first.size, second.size) <= len(tree.entries)
        and tree.root(first.size) == first.root
        and tree.root(second.size) == second.root
        for tree in branches
    )
