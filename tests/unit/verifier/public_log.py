"""A log of one's own, with four nodes that cosign when told, and the keys of everybody in a tender."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from kernel import canonical, clock, keys, merkle
from kernel.statements import Signed
from sealing import age, certificates
from supervision import entries, facts, tiles
from supervision.checkpoint import Checkpoint
from supervision.node.card import Card, policy_text
from supervision.note import Kind, Note
from supervision.note_key import NoteKey
from supervision.policy import Policy
from supervision.vocabulary import Fact

START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
T0 = int(START.timestamp())
NODES = {"supervisor": "监督局", "manager": "管理办", "audit": "审计局", "notary": "公证处"}
YEAR = dt.timedelta(days=365)


def at(seconds: int) -> str:
    return clock.rfc3339(dt.datetime.fromtimestamp(T0 + seconds, dt.UTC))


@dataclass
class PublicLog:
    """Entries, and what of them everybody sees: `files` grows into an archive's `log/`."""

    key: NoteKey = field(default_factory=lambda: NoteKey.generate("practice/log"))
    nodes: dict[str, NoteKey] = field(
        default_factory=lambda: {name: NoteKey.generate(f"practice/{name}", Kind.COSIGNATURE) for name in NODES}
    )
    platform: keys.PrivateKey = field(default_factory=keys.generate)
    entries: list[bytes] = field(default_factory=list)
    salts: dict[int, tuple[bytes, Fact]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cards = [Card(NODES[name], None, key.vkey, age.generate()[1]) for name, key in self.nodes.items()]
        spelled = keys.spell(self.platform.public_key())
        self.files["policy.txt"] = policy_text(self.key.vkey, spelled, cards, 3).encode()
        self.policy = Policy.parse(self.files["policy.txt"])
        self.names = list(self.policy.witnesses)

    def append(self, fact: Fact) -> int:
        """Sealed kinds get a salt; the index."""
        if fact.sealed:
            salt = entries.new_salt()
            self.salts[len(self.entries)] = (salt, fact)
            return self.put(entries.sealed_entry(entries.seal_of(salt, fact.canonical())))
        return self.put(entries.open_entry(fact.to_json()))

    def put(self, raw: bytes) -> int:
        self.entries.append(raw)
        return len(self.entries) - 1

    def note(self, size: int | None = None) -> Note:
        wanted = len(self.entries) if size is None else size
        text = Checkpoint(self.key.name, wanted, merkle.root(self.entries[:wanted])).text
        return Note(text, (self.key.sign(text),))

    def cosigned(self, seconds: int, *who: str) -> Note:
        """The newest tree head with the lines of `who` (all by default) at one moment."""
        note = self.note()
        lines = [self.nodes[name].cosign(note.text, T0 + seconds) for name in who or tuple(NODES)]
        return Note(note.text, (*note.signatures, *lines))

    def cosign(self, seconds: int, *who: str) -> int:
        """Keep that head as the log shows it for its size; the size."""
        size = len(self.entries)
        self.files[f"log/cosigned/{size}"] = self.cosigned(seconds, *who).encode()
        return size

    def proof(self, index: int, size: int) -> tuple[bytes, ...]:
        hashes = [merkle.leaf_hash(raw) for raw in self.entries[:size]]
        return tuple(merkle.inclusion_proof(hashes, index, size)) if index < size else ()

    def disclosed(self) -> list[dict[str, Any]]:
        return [
            {"index": index, "salt": keys.b64(salt), "fact": fact.to_json()}
            for index, (salt, fact) in sorted(self.salts.items())
        ]

    def publish(self, seconds: int, *who: str) -> None:
        """Checkpoint, tiles and bundles of the whole tree."""
        size = len(self.entries)
        self.files["log/checkpoint"] = self.cosigned(seconds, *who).encode()
        for level, number, width in tiles.changed_tiles(0, size):
            hashes = [self._hash(level, number * tiles.WIDTH + place) for place in range(width)]
            self.files[f"log/{tiles.tile_path(level, number, width)}"] = b"".join(hashes)
        for number in range(-(-size // tiles.WIDTH)):
            width = tiles.width_of(0, number, size)
            part = self.entries[number * tiles.WIDTH :][:width]
            self.files[f"log/{tiles.entries_path(number, width)}"] = tiles.bundle(part)

    def _hash(self, level: int, place: int) -> bytes:
        span = tiles.WIDTH**level
        return merkle.root(self.entries[place * span : (place + 1) * span])

    def statement(self, kind: type[Any], content: dict[str, Any], key: keys.PrivateKey, **fields: Any) -> Any:
        signed = Signed.make(content, key)
        return kind(file=keys.b64(signed.raw), sig=keys.b64(signed.sig), **fields)


@dataclass
class Authority:
    """A certification authority; holders come with key and certificate."""

    key: keys.PrivateKey = field(default_factory=keys.generate)
    serial: int = 1000

    def __post_init__(self) -> None:
        self.der = certificates.make_ca("平台 CA", self.key, START - 2 * YEAR, START + 2 * YEAR)

    def holder(self, org: str) -> tuple[keys.PrivateKey, bytes]:
        self.serial += 1
        key = keys.generate()
        subject = certificates.Subject(org, f"9133010667{self.serial:08d}", "p-1")
        made = {"serial": self.serial, "not_before": START - YEAR, "not_after": START + YEAR}
        return key, certificates.issue(self.der, self.key, key.public_key(), subject, **made)


def genesis(log: PublicLog) -> facts.Genesis:
    return facts.Genesis(origin=log.key.name, policy_sha256=log.policy.sha256)


def encoded(value: Any) -> bytes:
    return canonical.encode(value)
