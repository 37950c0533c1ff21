"""The bidder's key file: the signing key and its certificates, under a passphrase (sealing.md 4, way 2).

The file is an age v1 file with one scrypt stanza (binary, not armored); inside stands canonical JSON:

    {"type": "kaibiao-keyfile/1",
     "key": "<base64 of the PKCS #8 DER of an Ed25519 or P-256 private key>",
     "cert_chain": ["<base64 of DER>", ...],      the bidder's own first; empty before the certificate is issued
     "org": "<organization>", "person": "<person's id or name>", "created_at": "2026-11-23T01:30:00Z"}

The browser makes the very same file; `age -d` opens it. tests/vectors/sealing-keyfile.json holds one for both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from kernel import canonical, keys
from sealing import age_passphrase, wire
from sealing.certificates import MAX_CHAIN

TYPE = "kaibiao-keyfile/1"
_NAMES = ("key", "cert_chain", "org", "person", "created_at")


@dataclass(frozen=True)
class KeyFile:
    key: keys.PrivateKey
    cert_chain: tuple[bytes, ...]
    org: str
    person: str
    created_at: str

    def certified(self, cert_chain: tuple[bytes, ...]) -> Self:
        """The same key with the certificates that were issued for it."""
        return replace(self, cert_chain=cert_chain)

    def encode(self) -> bytes:
        der = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return canonical.encode(
            {
                "type": TYPE,
                "key": keys.b64(der),
                "cert_chain": [keys.b64(certificate) for certificate in self.cert_chain],
                "org": self.org,
                "person": self.person,
                "created_at": self.created_at,
            }
        )

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the JSON inside; WireError otherwise."""
        fields = wire.parse(raw, TYPE, _NAMES)
        chain = fields.texts("cert_chain", wire.BASE64, MAX_CHAIN)
        try:
            certificates = tuple(keys.unb64(text) for text in chain)
            key = _signing_key(fields.base64("key"))
        except ValueError as error:
            raise wire.WireError("keyfile: the key or a certificate cannot be read") from error
        return cls(key, certificates, fields.text("org"), fields.text("person"), fields.instant("created_at"))

    def lock(self, passphrase: str, work_factor: int | None = None) -> bytes:
        """The file under the passphrase."""
        return age_passphrase.encrypt(self.encode(), passphrase, work_factor)


def load(raw: bytes, passphrase: str) -> KeyFile:
    """The key in a key file; AgeError (NoMatchError for a wrong passphrase) or WireError otherwise."""
    return KeyFile.parse(age_passphrase.decrypt(raw, passphrase))


def _signing_key(der: bytes) -> keys.PrivateKey:
    key = load_der_private_key(der, None)
    keys.supported(key.public_key())
    return key  # type: ignore[return-value]  # narrowed by its public key
