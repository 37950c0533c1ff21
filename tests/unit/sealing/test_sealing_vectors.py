"""The protocol's byte forms as fixed vectors, which the client's tests read as well: neither side may drift."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kernel import canonical
from sealing import age, certificates, documents, keyset, padding, shares, sheet

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors" / "sealing-protocol.json").read_text("utf-8"))


def test_the_core_is_the_lines_of_the_protocol():
    given = VECTORS["core"]
    core = shares.Core(**given["fields"])
    assert core.encode().decode() == given["bytes"]
    assert core.sha256 == given["sha256"] == canonical.sha(given["bytes"].encode())
    assert given["bytes"].splitlines()[0] == "kaibiao-core/1"
    assert len(given["bytes"].splitlines()) == 8


def test_a_share_line_has_150_bytes_and_comes_back():
    given, core = VECTORS["line"], VECTORS["core"]["sha256"]
    line = shares.share_line(core, given["i"], bytes.fromhex(given["share"]))
    assert line.decode() == given["line"]
    assert len(line) == shares.LINE_SIZE == 150
    assert shares.plain_sha256(line) == given["plain_sha256"]
    parsed = shares.parse_line(line)
    assert (parsed.core_sha256, parsed.i, parsed.x) == (core, 3, 3)


@pytest.mark.parametrize(
    ("was", "now"), [("/1 ", "/2 "), (" 3 ", " 0 "), (" 3 ", " 10 "), ("\n", ""), ("\n", "\r\n"), ("0001", "000G")]
)
def test_no_other_spelling_of_a_line_is_taken(was, now):
    raw = VECTORS["line"]["line"].replace(was, now, 1).encode()
    with pytest.raises(ValueError, match="not a share line"):
        shares.parse_line(raw)


def test_the_blinded_bidder_is_the_hash_of_the_protocol():
    given = VECTORS["bidder_ref"]
    assert certificates.bidder_ref(given["nonce"], bytes.fromhex(given["cert_der_hex"])) == given["ref"]


def test_the_trustees_statement_is_canonical():
    given = VECTORS["trustee_statement"]
    assert keyset.trustee_statement(**given["fields"]).decode() == given["bytes"]


def test_padded_lengths_are_those_of_padme():
    assert {length: padding.padme(int(length)) for length in VECTORS["padme"]} == VECTORS["padme"]


def test_sheet_and_index_are_read_and_written_alike():
    raw = VECTORS["sheet"]["bytes"].encode()
    assert sheet.Sheet.parse(raw).encode() == raw
    assert len(sheet.Sheet.parse(raw).padded()) == VECTORS["sheet"]["padded_length"]
    raw = VECTORS["docs"]["index"].encode()
    assert documents.Index.parse(raw).encode() == raw


def test_a_secret_has_one_identity_and_one_recipient():
    given = VECTORS["identity"]
    secret = bytes.fromhex(given["secret"])
    assert age.encode_identity(secret) == given["identity"]
    assert age.recipient_of(secret) == given["recipient"]
