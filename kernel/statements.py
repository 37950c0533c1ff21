"""Signed files: exact bytes and a detached signature. Verifiers never re-serialize (sealing.md, Notation).

Inside other JSON a signed file stands as `{"file": base64, "sig": base64}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from kernel import canonical, keys


@dataclass(frozen=True)
class Signed:
    """A statement: `raw` is a JSON object whose `type` separates domains, `sig` 64 bytes over `raw`."""

    raw: bytes
    sig: bytes

    @classmethod
    def make(cls, content: dict[str, Any], key: keys.PrivateKey) -> Self:
        raw = canonical.encode(content)
        return cls(raw, keys.sign(raw, key))

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read `{"file", "sig"}`; ValueError on anything else."""
        if not isinstance(value, dict) or set(value) != {"file", "sig"}:
            raise ValueError("a signed file is {file, sig}")
        if not all(isinstance(part, str) for part in value.values()):
            raise ValueError("file and sig are base64 strings")
        return cls(keys.unb64(value["file"]), keys.unb64(value["sig"]))

    def to_json(self) -> dict[str, str]:
        return {"file": keys.b64(self.raw), "sig": keys.b64(self.sig)}

    def content(self, kind: str) -> dict[str, Any]:
        """The parsed object, if its `type` is `kind`; ValueError otherwise. Does not check the signature."""
        value = canonical.decode(self.raw)
        if not isinstance(value, dict) or value.get("type") != kind:
            raise ValueError(f"not a {kind}")
        return value

    def signed_by(self, key: keys.PublicKey) -> bool:
        return keys.verified(self.sig, self.raw, key)

    @property
    def sha256(self) -> str:
        return canonical.sha(self.raw)
