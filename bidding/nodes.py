"""The nodes as trustees of a lot: which share is whose, and whether a statement is really theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernel.errors import Forbidden, Invalid
from kernel.site import site
from kernel.statements import Signed
from sealing.keyset import Keyset
from supervision.policy import Policy, pinned

RULE = "kaibiao-seal/1 1.4"


def policy() -> Policy:
    return pinned(site().settings.policy.read_bytes())


def statement(node: str, body: Mapping[str, Any]) -> Signed:
    """The signed file in a node's answer; refused unless this node's pinned key made the signature."""
    witness = policy().witnesses.get(node)
    try:
        signed = Signed.from_json({name: body.get(name) for name in ("file", "sig")})
    except ValueError as error:
        raise malformed(str(error)) from error
    if witness is None or not signed.signed_by(witness.verifier.key):
        raise Forbidden(
            "node.signature",
            "声明的签名不是该节点的。",
            "The statement is not signed by this node's pinned key.",
            rule=RULE,
        )
    return signed


def share_of(node: str, keyset: Keyset) -> int:
    """The index of the node's share; refused to a node that holds none."""
    witness = policy().witnesses.get(node)
    for entry in keyset.stages[0].trustees:
        if witness is not None and entry.sign_key == witness.sign_key:
            return entry.i
    raise Forbidden("node.no_share", "该节点不是本标段的受托方。", "This node holds no share of the lot.", rule=RULE)


def names(keyset: Keyset) -> dict[int, str]:
    """Share index to the node's name in the policy."""
    by_key = {witness.sign_key: name for name, witness in policy().witnesses.items()}
    return {entry.i: by_key[entry.sign_key] for entry in keyset.stages[0].trustees if entry.sign_key in by_key}


def malformed(words: str) -> Invalid:
    return Invalid("node.statement", "节点的声明格式不对。", f"The node's statement is malformed: {words}.", rule=RULE)
