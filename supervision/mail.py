"""Mail from the platform to the nodes: queued with its cause, encrypted, numbered without gaps, fetched by long poll.

Kinds and bodies (files in base64, hashes in hex):

- `checkpoint`      {note}: what the log's key signed
- `trustee.request` {lot, version, stages: [name]}
- `keyset.sign`     {lot, version, file}: to the supervising authority's node only
- `record.sign`     {lot, file}: to the supervising authority's node only
- `manifest`        {lot, manifest}
- `roll`            {lot, seq, part, parts, entries, withdrawals, ciphertexts}: send it by `post_roll`

A node takes any of them twice without harm.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel import canonical, clock, keys, outbox
from kernel.site import site
from sealing import age
from sealing.roll import RollEntry
from sealing.roll_check import Withdrawn
from supervision.policy import Policy, pinned
from supervision.policy_file import PolicyError

KIND = "node.mail"
FOLDER = "inbox"
PART_BYTES = 8 * 1024 * 1024
_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def policy() -> Policy:
    """The policy of this installation; PolicyError if it is not one."""
    return pinned(site().settings.policy.read_bytes())


def post(node_names: Sequence[str] | None, kind: str, body: Mapping[str, Any]) -> None:
    """Queue a message to these nodes (None: all of the policy) in the caller's transaction."""
    for node in policy().witnesses if node_names is None else node_names:
        identifier = secrets.token_hex(16)
        outbox.send(KIND, {"id": identifier, "node": node, "kind": kind, "body": dict(body)})


@dataclass(frozen=True)
class RollMail:
    """A roll on its way to the nodes: `withdrawn` by the hash of the withdrawal statement (what `by` names).

    `ciphertexts` are those of public stages by (bid_id, stage), each read only when its part is made.
    """

    lot: str
    seq: int
    entries: Sequence[RollEntry]
    withdrawn: Mapping[str, Withdrawn]
    ciphertexts: Mapping[tuple[str, str], Callable[[], bytes]]


def post_roll(mail: RollMail) -> None:
    """Queue the roll to every node, in as many parts as 8 MiB a part make."""
    parts = list(_parts(_items(mail)))
    for number, items in enumerate(parts, 1):
        body: dict[str, Any] = {"lot": mail.lot, "seq": mail.seq, "part": number, "parts": len(parts)}
        body |= {"entries": [], "withdrawals": {}, "ciphertexts": {}}
        for where, name, value in items:
            if where == "entries":
                body["entries"].append(value)
            else:
                body[where][name] = value
        post(None, "roll", body)


def _items(mail: RollMail) -> Iterator[tuple[str, str, Any]]:
    for entry in mail.entries:
        yield "entries", "", entry.to_json()
    for digest, found in mail.withdrawn.items():
        proof = [keys.b64(value) for value in found.proof]
        yield ("withdrawals", digest, {"receipt": found.receipt.to_json(), "index": found.index, "proof": proof})
    for (bid_id, stage), read in mail.ciphertexts.items():
        yield "ciphertexts", f"{bid_id}/{stage}", keys.b64(read())


def _parts(items: Iterable[tuple[str, str, Any]]) -> Iterator[list[tuple[str, str, Any]]]:
    part: list[tuple[str, str, Any]] = []
    size = 0
    for item in items:
        length = len(canonical.encode(item[2]))
        if part and size + length > PART_BYTES:
            yield part
            part, size = [], 0
        part.append(item)
        size += length
    yield part


def deliver(payload: dict[str, Any]) -> None:
    """Write the message into its node's inbox, once however often it is called: the outbox's handler."""
    node = payload["node"]
    witness = policy().witnesses.get(node)
    if witness is None or witness.inbox is None or _NODE.fullmatch(node) is None:
        raise PolicyError(f"the policy names no inbox of {node}")
    content = {"kind": payload["kind"], "body": payload["body"], "sent_at": clock.rfc3339(clock.wall())}
    put(site().folder(FOLDER) / node, payload["id"], age.encrypt_bytes(canonical.encode(content), witness.inbox))


def put(folder: Path, identifier: str, raw: bytes) -> bool:
    """Put a file under the next number, once for each `identifier`; False if it stood there already.

    The bytes are written whole as `sent/<identifier>`, then linked to the number: the link is the delivery, and a
    file with one name only was not delivered. A crash leaves neither a hole nor a second copy.
    """
    with _alone(folder):
        sent = folder / "sent" / identifier
        if not sent.exists():
            _write(sent, raw)
        if sent.stat().st_nlink > 1:
            return False
        number = _next(folder)
        os.link(sent, path_of(folder, number))
        _sync(folder)
        _write(folder / "next", str(number + 1).encode("ascii"))
    return True


def path_of(folder: Path, number: int) -> Path:
    """Where a node's message stands: there is no such file until it is whole."""
    return folder / f"{number:08d}.age"


def _next(folder: Path) -> int:
    """One more than the last file; the counter is only a hint that spares counting."""
    try:
        number = int((folder / "next").read_text("ascii"))
    except (FileNotFoundError, ValueError):
        number = 1
    while number > 1 and not path_of(folder, number - 1).exists():
        number -= 1
    while path_of(folder, number).exists():
        number += 1
    return number


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    (folder / "sent").mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, raw: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with draft.open("xb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


handlers: dict[str, outbox.Handler] = {KIND: deliver}
"""For the worker's table of outbox handlers."""
