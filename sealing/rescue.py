"""rescue.age: the bidder's own keys of each envelope, for the rescue of 1.7 and for nothing else.

It stays on the bidder's machine and must never be handed in before the supervising authority has called for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from kernel import canonical
from sealing import age, age_passphrase, wire
from sealing.keyset import MAX_STAGES
from sealing.manifest import Manifest

TYPE = "kaibiao-rescue/1"


def write(manifest: Manifest, manifest_raw: bytes, secrets: Mapping[str, bytes], passphrase: str) -> bytes:
    """The file under the passphrase; `secrets` by stage."""
    kept = [
        {
            "stage": envelope.stage,
            "recipient": envelope.recipient,
            "identity": age.encode_identity(secrets[envelope.stage]),
        }
        for envelope in manifest.envelopes
    ]
    content = {
        "type": TYPE,
        "lot": manifest.lot,
        "bid_id": manifest.bid_id,
        "manifest_sha256": canonical.sha(manifest_raw),
        "keys": kept,
    }
    return age_passphrase.encrypt(canonical.encode(content), passphrase)


def read(raw: bytes, passphrase: str) -> dict[str, bytes]:
    """The envelope keys by stage in rescue.age; ValueError otherwise."""
    plain = age_passphrase.decrypt(raw, passphrase)
    fields = wire.parse(plain, TYPE, ("lot", "bid_id", "manifest_sha256", "keys"))
    kept = fields.items("keys", ("stage", "recipient", "identity"), MAX_STAGES)
    return {item.text("stage", wire.STAGE): age.decode_identity(item.text("identity")) for item in kept}
