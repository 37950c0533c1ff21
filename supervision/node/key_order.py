"""`kaibiao node key-order`: the supervising authority lets another certificate end a bid whose key is lost (sealing.md 1.3).

The order is a file for the bidder, who hands it in with the replacement or withdrawal; nothing of it is logged or told.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kernel import canonical, clock
from kernel.statements import Signed
from sealing.succession import KeyOrder
from supervision.node.card import NodeKeys


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lot", required=True)
    parser.add_argument("--manifest-sha256", required=True, help="the bid that is to be replaced or withdrawn")
    parser.add_argument("--certificate-sha256", required=True, help="SHA-256 of the new certificate (DER)")
    parser.add_argument("--cause", required=True, help="why the bid's own key cannot sign")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE")


def act(found: argparse.Namespace) -> int:
    """Signed with the node's key, which the keyset names as the supervising authority's."""
    said = KeyOrder(
        lot=found.lot,
        manifest_sha256=found.manifest_sha256,
        new_cert_sha256=found.certificate_sha256,
        cause=found.cause,
        time=clock.rfc3339(clock.wall()),
    )
    signed = Signed.make(said.content(), NodeKeys.load(found.dir).witness.private)
    KeyOrder.read(signed)
    found.out.write_bytes(canonical.encode(signed.to_json()))
    sys.stdout.write(f"key-order {found.lot} {found.manifest_sha256}  {found.out}\n")
    return 0
