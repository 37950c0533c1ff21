"""C20.base: what the owner's browser seals is taken and opens on the Python side, and only with the owner's key."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from client_samples import PASSPHRASE, Lot, Tool

from kernel import canonical, keys, money
from kernel.statements import Signed
from sealing import baseprice
from sealing.baseprice import BasePrice, Revealed
from sealing.keyset import Keyset


def owned(lot: Lot, key: keys.PrivateKey, folder: Path) -> tuple[Keyset, dict[str, str]]:
    """The lot's keyset with this owner, signed anew."""
    named = replace(lot.keyset.fact_keys, owner=keys.spell(key.public_key()))
    keyset = replace(lot.keyset, fact_keys=named)
    raw = keyset.encode()
    sigs = {"owner": keys.b64(keys.sign(raw, key)), "supervisor": keys.b64(lot.nodes["supervisor"].private.sign(raw))}
    (folder / "owned.json").write_bytes(raw)
    (folder / "owned.sigs").write_text(json.dumps(sigs))
    return keyset, {**lot.paths, "keyset": str(folder / "owned.json"), "sigs": str(folder / "owned.sigs")}


def test_c20_base_what_the_browser_seals_is_taken_and_opens(tool: Tool, lot: Lot, tmp_path: Path) -> None:
    keyset, paths = owned(lot, lot.bidder.key, tmp_path)
    sha256 = canonical.sha(keyset.encode())
    signed = Signed.from_json(
        tool("basePrice", amount="19500000.00", passphrase=PASSPHRASE, keyset_sha256=sha256, **paths)
    )
    assert baseprice.faults(signed, keyset, sha256) == []
    found = BasePrice.read(signed)
    assert b"19500000" not in found.ciphertext
    lines = {}
    for i in (1, 3, 4):
        said = baseprice.trustee_line(found, signed.sha256, keyset, i, lot.identities["sheet"][i])
        assert said.line is not None
        lines[i] = said.line.encode()
    opened = baseprice.reveal(found, lines)
    assert isinstance(opened, Revealed)
    assert money.wire(opened.amount) == "19500000.00"


def test_c20_base_another_key_than_the_owners_seals_nothing(tool: Tool, lot: Lot, tmp_path: Path) -> None:
    keyset, paths = owned(lot, keys.generate(), tmp_path)
    sha256 = canonical.sha(keyset.encode())
    said = tool("basePrice", amount="1.00", passphrase=PASSPHRASE, keyset_sha256=sha256, **paths)
    assert "owner" in said["refused"]
