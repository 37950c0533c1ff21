"""Who may end a bid besides the key that sealed it (1.3): a certificate that this key named, or one that the supervising
authority ordered.

Both are signed statements kept by the bidder until it needs one. Neither is a fact of the log before the close: it
stands on the roll, at the bid that another key ended, with the certificate in whose favor it speaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import certificates, wire
from sealing.faults import Fault

NAMED_TYPE = "kaibiao-successor/1"
ORDERED_TYPE = "kaibiao-key-order/1"
RULE = "1.3"


@dataclass(frozen=True, kw_only=True)
class Naming:
    """The old key's word, given while it was still at hand; `lot` is None when it holds for every lot."""

    lot: str | None
    old_key: str
    new_cert_sha256: str
    time: str

    def content(self) -> dict[str, Any]:
        return {"type": NAMED_TYPE, **asdict(self)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        fields = wire.parse(signed.raw, NAMED_TYPE, ("lot", "old_key", "new_cert_sha256", "time"))
        return cls(
            lot=fields.optional("lot", wire.LOT),
            old_key=fields.text("old_key"),
            new_cert_sha256=fields.text("new_cert_sha256", wire.SHA256),
            time=fields.instant("time"),
        )


@dataclass(frozen=True, kw_only=True)
class KeyOrder:
    """The supervising authority's order for one bid, where the key is lost and named nobody."""

    lot: str
    manifest_sha256: str
    new_cert_sha256: str
    cause: str
    time: str

    def content(self) -> dict[str, Any]:
        return {"type": ORDERED_TYPE, **asdict(self)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        names = ("lot", "manifest_sha256", "new_cert_sha256", "cause", "time")
        fields = wire.parse(signed.raw, ORDERED_TYPE, names)
        return cls(
            lot=fields.text("lot", wire.LOT),
            manifest_sha256=fields.text("manifest_sha256", wire.SHA256),
            new_cert_sha256=fields.text("new_cert_sha256", wire.SHA256),
            cause=fields.text("cause", wire.REASON),
            time=fields.instant("time"),
        )


@dataclass(frozen=True)
class Warrant:
    """A naming or an order, with the chain of the certificate that it speaks for."""

    statement: Signed
    cert_chain: tuple[bytes, ...]

    @property
    def cert_sha256(self) -> str:
        return canonical.sha(self.cert_chain[0])

    @property
    def key(self) -> keys.PublicKey:
        """The key that may end the bid; CertificateError when the certificate holds none of ours."""
        return certificates.key_of_der(self.cert_chain[0])

    def to_json(self) -> dict[str, Any]:
        return {**self.statement.to_json(), "cert_chain": [keys.b64(der) for der in self.cert_chain]}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """WireError on any other form; says nothing about whether it holds: `faults`."""
        fields = wire.Fields.of(value, ("file", "sig", "cert_chain"), "warrant")
        listed = fields.texts("cert_chain", wire.BASE64, certificates.MAX_CHAIN)
        if not listed:
            raise wire.WireError("warrant.cert_chain: empty")
        try:
            chain = tuple(keys.unb64(text) for text in listed)
        except ValueError as error:
            raise wire.WireError("warrant.cert_chain: not canonical base64") from error
        return cls(Signed(fields.base64("file"), fields.base64("sig", wire.SIGNATURE_SIZE)), chain)


@dataclass(frozen=True)
class Head:
    """The bid to be ended, as what can be known of it: its manifest's hash, and the key that signed it as it is spelled."""

    lot: str
    manifest_sha256: str
    key: str


def faults(warrant: Warrant, head: Head, supervisor: str) -> list[Fault]:
    """All that keeps `warrant` from letting its certificate end `head`; `supervisor` is the keyset's fact key."""
    try:
        found = list(_faults(warrant, head, supervisor))
    except (wire.WireError, ValueError) as error:
        return [_fault("warrant_malformed", f"继任文件格式不对({error})", f"the warrant is malformed: {error}")]
    return found


def read(signed: Signed) -> Naming | KeyOrder:
    """The statement taken apart by its type; WireError when it is neither."""
    fields = wire.decode(signed.raw, "warrant")
    kind = fields.get("type") if isinstance(fields, dict) else None
    return KeyOrder.read(signed) if kind == ORDERED_TYPE else Naming.read(signed)


def _faults(warrant: Warrant, head: Head, supervisor: str) -> Iterator[Fault]:
    said = read(warrant.statement)
    signer, fits = _meant(said, head, supervisor)
    if not fits:
        yield _fault("warrant_foreign", "继任文件所指不是这份投标的密钥", "the warrant is about another bid or key")
    if not warrant.statement.signed_by(keys.parse(signer)):
        yield _fault("warrant_unsigned", "继任文件的签名无效", "the warrant is not signed by whoever may give it")
    if said.new_cert_sha256 != warrant.cert_sha256:
        yield _fault("warrant_other_cert", "继任文件指定的是别的证书", "the warrant names another certificate")


def _meant(said: Naming | KeyOrder, head: Head, supervisor: str) -> tuple[str, bool]:
    """Whose signature the statement needs, and whether it speaks of this bid."""
    match said:
        case Naming():
            return said.old_key, (said.lot or head.lot, said.old_key) == (head.lot, head.key)
        case KeyOrder():
            return supervisor, (said.lot, said.manifest_sha256) == (head.lot, head.manifest_sha256)


def _fault(code: str, zh: str, en: str) -> Fault:
    return Fault(code, zh, en, RULE)
