"""The core that binds a share to its bid, the share's line, and the line wrapped for one trustee (sealing.md 1.2)."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from kernel import canonical, keys
from sealing import shamir
from sealing.suite import Suite

MAX_WRAPPED = 16 * 1024
_LINE = re.compile(rb"kaibiao-share/1 ([0-9a-f]{64}) ([1-9]) ([0-9a-f]{66})\n")


@dataclass(frozen=True)
class Core:
    """Everything a share must not be carried away from: a line with this hash serves this ciphertext of this bid only."""

    lot: str
    stage: str
    keyset_sha256: str
    bid_id: str
    bidder_ref: str
    recipient: str
    ciphertext_sha256: str

    def encode(self) -> bytes:
        parts = (self.lot, self.stage, self.keyset_sha256, self.bid_id, self.bidder_ref, self.recipient)
        return "".join(f"{part}\n" for part in ("kaibiao-core/1", *parts, self.ciphertext_sha256)).encode()

    @property
    def sha256(self) -> str:
        return canonical.sha(self.encode())


@dataclass(frozen=True)
class ShareLine:
    core_sha256: str
    i: int
    share: bytes

    @property
    def x(self) -> int:
        return self.share[shamir.LENGTH]


def share_line(core_sha256: str, i: int, share: bytes) -> bytes:
    """The line a trustee gets: `kaibiao-share/1 <core> <i> <66 hex>`, 150 bytes."""
    return f"kaibiao-share/1 {core_sha256} {i} {share.hex()}\n".encode("ascii")


def parse_line(raw: bytes) -> ShareLine:
    """Read exactly what `share_line` writes; ValueError otherwise."""
    match = _LINE.fullmatch(raw)
    if match is None:
        raise ValueError("not a share line")
    return ShareLine(match[1].decode(), int(match[2]), bytes.fromhex(match[3].decode()))


def plain_sha256(line: bytes) -> str:
    """The bidder's commitment to a line, public in the manifest."""
    return canonical.sha(line)


def wrap(line: bytes, suite: Suite, recipient: str) -> str:
    """Base64 of the line encrypted to one trustee."""
    return keys.b64(suite.wrap(line, recipient))


def unwrap(wrapped: str, suite: Suite, secret: bytes) -> bytes:
    """The line; ValueError when it is not for this key or damaged."""
    return suite.unwrap(keys.unb64(wrapped), secret)


def check_wrapped(wrapped: str, suite: Suite) -> None:
    """ValueError unless `wrapped` has one real stanza and the size of a line; needs no key."""
    raw = keys.unb64(wrapped)
    if len(raw) > MAX_WRAPPED:
        raise ValueError("a wrapped share is larger than any writer makes it")
    facts = suite.check_header(io.BytesIO(raw))
    if facts.payload_length != LINE_SIZE:
        raise ValueError("a wrapped share has not the size of a line")


LINE_SIZE = len(share_line("0" * 64, 1, bytes(shamir.SHARE)))
