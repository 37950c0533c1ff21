"""A kept receipt, rechecked without any server: what it proves to a court, claim by claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kernel import canonical
from kernel.statements import Signed
from sealing.receipts import Ack, Receipt
from supervision.policy import Policy
from supervision.proof import ProofError, TlogProof


@dataclass(frozen=True)
class Claim:
    held: bool
    zh: str
    en: str


def claims(kept: Any, policy: Policy, manifest: bytes | None = None) -> list[Claim]:
    """All that a witnessed receipt must show; the first that does not hold makes the rest moot."""
    try:
        signed = Signed.from_json(kept["receipt"])
        receipt = Receipt.read(signed)
    except (ValueError, KeyError, TypeError):
        return [Claim(held=False, zh="这不是回执", en="this is not a receipt")]
    return [
        *_about(receipt, manifest),
        _signed(signed, policy),
        _logged(receipt, kept, policy),
        _acknowledged(receipt, kept, policy),
    ]


def _signed(receipt: Signed, policy: Policy) -> Claim:
    held = policy.platform is not None and receipt.signed_by(policy.platform)
    return Claim(held, "回执由平台签署", "it bears the platform's signature")


def _about(receipt: Receipt, manifest: bytes | None) -> Iterator[Claim]:
    fact = receipt.fact
    yield Claim(
        held=True,
        zh=f"回执写明：标段 {fact.lot}，{fact.received_at} 收到清单 {fact.manifest_sha256}",
        en=f"it says: lot {fact.lot}, manifest {fact.manifest_sha256} received at {fact.received_at}",
    )
    if manifest is not None:
        yield Claim(
            held=canonical.sha(manifest) == fact.manifest_sha256,
            zh="回执对应这份清单文件",
            en="it is for this manifest file",
        )


def _logged(receipt: Receipt, kept: dict[str, Any], policy: Policy) -> Claim:
    text = kept.get("proof")
    if not isinstance(text, str):
        return Claim(held=False, zh="尚无日志证明，只是签收", en="no proof of the log yet: received, not witnessed")
    try:
        proof = TlogProof.parse(text.encode("utf-8"))
        checkpoint = proof.verify(receipt.entry(), policy)
    except ProofError as error:
        return Claim(held=False, zh="日志证明不成立", en=f"the proof of the log does not hold: {error}")
    return Claim(
        held=True,
        zh=f"已写入公开日志第 {proof.index} 条，日志大小 {checkpoint.size} 时经法定多数节点共同签署",
        en=f"entry {proof.index} of the public log, cosigned by a quorum at size {checkpoint.size}",
    )


def _acknowledged(receipt: Receipt, kept: dict[str, Any], policy: Policy) -> Claim:
    """A withdrawal needs no trustee's word: its proof is all there is."""
    listed = kept.get("acks")
    names = {name for item in listed for name in _signers(item, receipt, policy)} if isinstance(listed, list) else set()
    needless = receipt.fact.content()["kind"] == "bid.withdrawn"
    return Claim(
        held=needless or policy.is_quorum(names),
        zh=f"{len(names)} 个监督节点确认了各自的份额" if not needless else "撤回无需节点确认份额",
        en=f"{len(names)} nodes acknowledged their shares" if not needless else "a withdrawal needs no acknowledgement",
    )


def _signers(item: Any, receipt: Receipt, policy: Policy) -> Iterator[str]:
    try:
        signed = Signed.from_json(item)
        ack = Ack.read(signed)
    except ValueError:
        return
    for name, witness in policy.witnesses.items():
        if ack.manifest_sha256 == receipt.fact.manifest_sha256 and signed.signed_by(witness.verifier.key):
            yield name
