"""A small certificate authority: a root, and signing certificates for bidders' keys."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypedDict, Unpack

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from kernel import keys


@dataclass(frozen=True)
class Subject:
    """Who holds the key: the organization, its 统一社会信用代码, and the person's id on the platform."""

    org: str
    uscc: str
    person: str


class Terms(TypedDict):
    """What a CA adds to a bidder's key and name."""

    serial: int
    not_before: dt.datetime
    not_after: dt.datetime


def make_ca(name: str, key: keys.PrivateKey, not_before: dt.datetime, not_after: dt.datetime) -> bytes:
    """A self-signed root (DER) that may sign leaves only."""
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, _digest(key)).public_bytes(Encoding.DER)


def issue(
    ca_cert: bytes, ca_key: keys.PrivateKey, public_key: keys.PublicKey, subject: Subject, **terms: Unpack[Terms]
) -> bytes:
    """A bidder's signing certificate (DER)."""
    issuer = x509.load_der_x509_certificate(ca_cert)
    builder = (
        x509.CertificateBuilder(issuer.subject, _name(subject), public_key, terms["serial"])
        .not_valid_before(terms["not_before"])
        .not_valid_after(terms["not_after"])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(_issuer_key(issuer), critical=False)
    )
    return builder.sign(ca_key, _digest(ca_key)).public_bytes(Encoding.DER)


def _name(subject: Subject) -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, subject.org),
        (NameOID.ORGANIZATION_IDENTIFIER, subject.uscc),
        (NameOID.USER_ID, subject.person),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=not ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(keys.supported(issuer.public_key()))


def _digest(key: keys.PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
