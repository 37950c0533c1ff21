"""X.509 certificates of bidders: the check of a chain at an instant, and the blinded reference to a holder.

Profiles: Ed25519 or P-256 for bidders; whatever `cryptography` verifies for outside CAs above them.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from kernel import canonical, keys
from sealing import wire
from sealing.ca import Subject, issue, make_ca

__all__ = [
    "Bidder", "CertificateError", "Subject", "bidder_ref", "check_chain", "issue", "key_of_der", "make_ca",
    "public_key_of", "public_key_of_request", "same_holder", "subject_of", "subject_of_der",
]  # fmt: skip

BIDDER_TYPE = "kaibiao-bidder/1"
MAX_CHAIN = 5
MAX_CERTIFICATE = 8 * 1024
MAX_BIDDER = 64 * 1024


class CertificateError(ValueError):
    """The chain does not lead from a bidder's key to a trusted root at that instant."""


@dataclass(frozen=True)
class Bidder:
    """`bidder.json`: what unblinds `bidder_ref`."""

    nonce: str
    cert_chain: tuple[bytes, ...]

    @property
    def ref(self) -> str:
        return bidder_ref(self.nonce, self.cert_chain[0])

    def encode(self) -> bytes:
        chain = [keys.b64(der) for der in self.cert_chain]
        return canonical.encode({"type": BIDDER_TYPE, "nonce": self.nonce, "cert_chain": chain})

    @classmethod
    def parse(cls, raw: bytes) -> Bidder:
        """Read the exact form; WireError otherwise. Does not check the chain."""
        if len(raw) > MAX_BIDDER:
            raise wire.WireError("bidder: larger than any chain of certificates")
        fields = wire.parse(raw, BIDDER_TYPE, ("nonce", "cert_chain"))
        listed = fields.texts("cert_chain", wire.BASE64, MAX_CHAIN)
        if not listed:
            raise wire.WireError("bidder.cert_chain: empty")
        try:
            chain = tuple(keys.unb64(text) for text in listed)
        except ValueError as error:
            raise wire.WireError("bidder.cert_chain: not canonical base64") from error
        return cls(fields.text("nonce", wire.SHA256), chain)


def bidder_ref(nonce: str, cert_der: bytes) -> str:
    """The blinded holder of a certificate; `nonce` is 32 bytes as 64 hex."""
    return canonical.sha(f"kaibiao-bidder/1\n{nonce}\n{canonical.sha(cert_der)}\n".encode("ascii"))


def public_key_of_request(csr_der: bytes) -> keys.PublicKey:
    """The key of a PKCS #10 request whose holder proved to have it; CertificateError otherwise."""
    try:
        request = x509.load_der_x509_csr(csr_der)
        key = keys.supported(request.public_key())
    except ValueError as error:
        raise CertificateError("not a request for an Ed25519 or P-256 certificate") from error
    if not request.is_signature_valid:
        raise CertificateError("the request is not signed by its own key")
    return key


def check_chain(chain: Sequence[bytes], roots: Sequence[bytes], at: dt.datetime) -> x509.Certificate:
    """The bidder's certificate, if every link up to one of `roots` holds and was valid `at`; CertificateError otherwise.

    The chain begins with the bidder's own certificate; the root itself may be left out.
    """
    if not 1 <= len(chain) <= MAX_CHAIN:
        raise CertificateError("a chain has one to five certificates")
    path = [_load(der) for der in chain]
    trusted = [_load(der) for der in roots]
    _check_leaf(path[0])
    for depth, (issued, issuer) in enumerate(itertools.pairwise(path)):
        _check_issuer(issued, issuer, depth)
    if path[-1] not in trusted:
        path.append(_root_above(path[-1], trusted, len(path) - 1))
    for certificate in path:
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise CertificateError("a certificate was not valid at that time")
    return path[0]


def subject_of(certificate: x509.Certificate) -> Subject:
    """The holder as the certificate names them; a part it does not carry is empty."""
    wanted = (NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATION_IDENTIFIER, NameOID.USER_ID)
    return Subject(*(_attribute(certificate, oid) for oid in wanted))


def subject_of_der(der: bytes) -> Subject:
    """The holder of an encoded certificate; CertificateError when it is none."""
    return subject_of(_load(der))


def same_holder(one: bytes, other: bytes) -> bool:
    """Whether two certificates name one organization: by code where both carry one, else by name."""
    first, second = subject_of_der(one), subject_of_der(other)
    if first.uscc and second.uscc:
        return first.uscc == second.uscc
    return bool(first.org) and first.org == second.org


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _load(der: bytes) -> x509.Certificate:
    if len(der) > MAX_CERTIFICATE:
        raise CertificateError("a certificate is at most 8 KiB")
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise CertificateError("not a certificate") from error


def _constraints(certificate: x509.Certificate) -> tuple[x509.BasicConstraints, x509.KeyUsage | None]:
    """CA or not, and what the key may do; without the extension a certificate is no CA."""
    try:
        extensions = certificate.extensions
    except ValueError as error:
        raise CertificateError("a certificate's extensions cannot be read") from error
    found = {type(extension.value): extension.value for extension in extensions}
    basic = found.get(x509.BasicConstraints, x509.BasicConstraints(ca=False, path_length=None))
    usage = found.get(x509.KeyUsage)
    assert isinstance(basic, x509.BasicConstraints)
    assert usage is None or isinstance(usage, x509.KeyUsage)
    return basic, usage


def _check_leaf(leaf: x509.Certificate) -> None:
    basic, usage = _constraints(leaf)
    if basic.ca or (usage is not None and not usage.digital_signature):
        raise CertificateError("the first certificate is not one for signing")
    try:
        keys.supported(leaf.public_key())
    except (ValueError, TypeError) as error:
        raise CertificateError("a bidder signs with Ed25519 or P-256") from error


def _check_issuer(issued: x509.Certificate, issuer: x509.Certificate, below: int) -> None:
    """`below` counts the CAs between issuer and leaf, which its path length must allow."""
    basic, usage = _constraints(issuer)
    if not basic.ca or (usage is not None and not usage.key_cert_sign):
        raise CertificateError("a certificate was issued by one that is no CA")
    if basic.path_length is not None and basic.path_length < below:
        raise CertificateError("a chain is longer than its CA allows")
    try:
        issued.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise CertificateError("a certificate does not bear its issuer's signature") from error


def _root_above(top: x509.Certificate, trusted: list[x509.Certificate], below: int) -> x509.Certificate:
    """The root that issued `top`; several roots may bear one name after a change of key, so each is tried."""
    for root in trusted:
        if root.subject == top.issuer and _issued(top, root, below):
            return root
    raise CertificateError("the chain does not end at a trusted root")


def _issued(top: x509.Certificate, root: x509.Certificate, below: int) -> bool:
    try:
        _check_issuer(top, root, below)
    except CertificateError:
        return False
    return True


def public_key_of(bidder: Bidder) -> keys.PublicKey:
    """The signing key in `bidder.json`; CertificateError when it is none. Does not check the chain."""
    return key_of_der(bidder.cert_chain[0])


def key_of_der(der: bytes) -> keys.PublicKey:
    """The signing key of an encoded certificate; CertificateError when it is none. Does not check the chain."""
    try:
        return keys.supported(_load(der).public_key())
    except (ValueError, TypeError) as error:
        raise CertificateError("a bidder signs with Ed25519 or P-256") from error
