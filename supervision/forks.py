"""Proof that one key signed two trees: two notes, and where their sizes differ the hashes that tie them together.

The bundle convinces anybody who has the log's public key and this repository's (or any) RFC 9162 verifier: both notes carry the
log's signature, and `proof` shows that the larger tree has `prefix_root` at the smaller note's size, not its root.
"""

from __future__ import annotations

from typing import Any

from kernel import keys, merkle
from supervision.checkpoint import Checkpoint, hash_of_line
from supervision.note import Note, NoteError
from supervision.policy import Policy

TYPE = "kaibiao-fork/1"


def bundle(smaller: Note, larger: Note, leaves: list[bytes]) -> dict[str, Any]:
    """The evidence; `leaves` are the leaf hashes of the larger note's tree."""
    small, large = Checkpoint.parse(smaller.text), Checkpoint.parse(larger.text)
    prefix = merkle.root_of_hashes(leaves[: small.size])
    proof = merkle.consistency_proof(leaves, small.size, large.size)
    return {
        "type": TYPE,
        "smaller": keys.b64(smaller.encode()),
        "larger": keys.b64(larger.encode()),
        "prefix_root": keys.b64(prefix),
        "proof": [keys.b64(value) for value in proof],
    }


def same_size(one: Note, other: Note) -> dict[str, Any]:
    """The evidence when two notes of one size have different roots: it needs no hashes."""
    root = keys.b64(Checkpoint.parse(other.text).root)
    notes = {"smaller": keys.b64(one.encode()), "larger": keys.b64(other.encode())}
    return {"type": TYPE, **notes, "prefix_root": root, "proof": []}


def is_proof(evidence: dict[str, Any], policy: Policy) -> bool:
    """Whether the bundle proves that a log of `policy` signed two trees: what any third party runs."""
    try:
        small, _ = policy.opened(Note.parse(keys.unb64(evidence["smaller"])))
        large, _ = policy.opened(Note.parse(keys.unb64(evidence["larger"])))
        prefix, proof = (hash_of_line(evidence["prefix_root"]), [hash_of_line(line) for line in evidence["proof"]])
    except (NoteError, ValueError, KeyError, TypeError):
        return False
    tied = merkle.verify_consistency(small.size, prefix, large.size, large.root, proof)
    return small.origin == large.origin and tied and prefix != small.root
