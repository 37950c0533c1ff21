"""A node's keys and its public card: who runs it, where it is reached, and the two keys the policy file names.

One Ed25519 key cosigns checkpoints and signs the node's statements; an age identity opens its mail.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kernel import canonical, keys
from sealing import age
from supervision.note import Kind, Verifier
from supervision.note_key import NoteKey
from supervision.policy import PRACTICE

KEY_FILE = "node.key"
INBOX_FILE = "inbox.key"
CARD_FILE = "card.json"
TYPE = "kaibiao-node-card/1"


class CardError(ValueError):
    """The card is malformed, or the folder already holds keys."""


@dataclass(frozen=True)
class Card:
    """What the node's owner hands to the platform and to the other owners, to be pinned in the policy."""

    org: str
    url: str | None
    vkey: str
    inbox: str

    @property
    def name(self) -> str:
        """The name the policy knows it by: the last part of the key's name."""
        return Verifier.parse(self.vkey).name.rpartition("/")[2]

    def encode(self) -> bytes:
        sign_key = keys.spell(Verifier.parse(self.vkey).key)
        content = {"type": TYPE, "name": self.name, "org": self.org, "url": self.url, "vkey": self.vkey}
        return canonical.encode({**content, "inbox": self.inbox, "sign_key": sign_key})

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read `card.json`; CardError on anything that `encode` would not write."""
        try:
            value = canonical.decode(raw)
            card = cls(value["org"], value["url"], value["vkey"], value["inbox"])
            if card.encode() != canonical.encode(value):
                raise CardError("the card's parts do not agree")
        except (ValueError, TypeError, KeyError) as error:
            raise CardError(f"not a node's card: {error}") from error
        return card

    def policy_lines(self) -> list[str]:
        """The lines that name this node in a policy file."""
        lines = [f"witness {self.name} {self.vkey}" + (f" {self.url}" if self.url else "")]
        lines += [f"# kaibiao org {self.name} {self.org}", f"# kaibiao inbox {self.name} {self.inbox}"]
        return [*lines, f"# kaibiao sign {self.name} {keys.spell(Verifier.parse(self.vkey).key)}"]


@dataclass(frozen=True, repr=False)
class NodeKeys:
    """The two secrets of a node, read once at start."""

    witness: NoteKey
    inbox: bytes

    @classmethod
    def load(cls, folder: Path) -> Self:
        secret = age.decode_identity((folder / INBOX_FILE).read_text("ascii").strip())
        return cls(NoteKey.load(folder / KEY_FILE), secret)

    @property
    def sign_key(self) -> str:
        return keys.spell(self.witness.verifier.key)


def make(folder: Path, name: str, org: str, url: str | None) -> Card:
    """Make keys and card in `folder`; CardError rather than replace a key."""
    if (folder / KEY_FILE).exists() or (folder / INBOX_FILE).exists():
        raise CardError(f"{folder} already holds a node's keys")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = NoteKey.generate(name, Kind.COSIGNATURE)
    secret, recipient = age.generate()
    key.store(folder / KEY_FILE)
    _write_secret(folder / INBOX_FILE, age.encode_identity(secret))
    card = Card(org, url, key.vkey, recipient)
    (folder / CARD_FILE).write_bytes(card.encode() + b"\n")
    return card


def policy_text(log: str, platform: str, cards: list[Card], threshold: int) -> str:
    """A policy: one log (`<vkey>` or `<vkey> <url>`), the platform's receipt key, a quorum of `threshold` of the nodes."""
    lines = [f"log {log}", f"# kaibiao platform {platform}"]
    lines += [line for card in cards for line in card.policy_lines()]
    names = " ".join(card.name for card in cards)
    return "\n".join([*lines, f"group nodes {threshold} {names}", "quorum nodes", ""])


def is_practice(name: str) -> bool:
    return name.startswith(PRACTICE)


def _write_secret(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")
