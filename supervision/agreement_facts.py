"""The open fact of a price agreed with a single source: what was agreed and by whose keys; the record stands by its hash."""

from __future__ import annotations

from supervision.vocabulary import Amount, Base64, Fact, Instant, Sha256


class SourceAgreed(Fact, kind="source.agreed"):
    """`file` is the statement that supplier and purchaser signed (N12.team)."""

    lot: str
    bid_id: str
    price: Amount
    record_sha256: Sha256
    file: Base64
    sig_owner: Base64
    sig_supplier: Base64
    supplier_cert: Base64
    at: Instant
