"""`kaibiao tender alter`: change a collecting lot's terms, from asking the nodes for keys to the signed notice."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from accounts import remote
from kernel import canonical, keys
from kernel.clock import monotonic

DONE, PENDING = 0, 3
POLL_S = 0.5


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lot")
    parser.add_argument("changes", help="what changes, as the notice will say it; bids sealed before are void")
    parser.add_argument("--closes-at", required=True, help="UTC, like 2026-11-23T01:30:00Z; never earlier than now set")
    parser.add_argument("--wait", type=int, default=120, help="seconds to wait for the nodes")


def alter(portal: remote.Remote, args: argparse.Namespace, key: keys.PrivateKey) -> int:
    """Propose, wait for every node and the supervising authority, sign the three statements, issue.

    Run again with the same words it goes on with the proposal that is waiting.
    """
    last = portal.get(f"lots/{args.lot}/terms")
    if last["changes"] != args.changes.strip() or last["issued_at"] is not None:
        portal.post(f"lots/{args.lot}/terms", {"changes": args.changes})
    found = _awaited(portal, args)
    if not found["ready"]:
        waiting = ", ".join(found["waiting_for"]) or "supervisor"
        sys.stderr.write(f"等待 / still waiting for: {waiting}\n")
        return PENDING
    signatures = []
    for item in portal.get(f"lots/{args.lot}/terms/signing-sheet?closes_at={args.closes_at}"):
        raw = keys.unb64(item["file"])
        sys.stdout.write(f"签署 / signing: {item['words']['zh']}\n")
        signatures.append({"statement_sha256": canonical.sha(raw), "sig": keys.b64(keys.sign(raw, key))})
    body = {"closes_at": args.closes_at, "signatures": signatures}
    done = portal.post(f"lots/{args.lot}/terms/issue", body)
    sys.stdout.write(f"{done['lot']}  {done['keyset_version']}  {done['keyset_sha256']}  {done['closes_at']}\n")
    return DONE


def _awaited(portal: remote.Remote, args: argparse.Namespace) -> dict[str, Any]:
    until = monotonic() + args.wait
    while True:
        found: dict[str, Any] = portal.get(f"lots/{args.lot}/terms")
        if found["ready"] or monotonic() >= until:
            return found
        time.sleep(POLL_S)
