"""`kaibiao seal`: a bid sealed offline, from its documents and the lot's keyset."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernel import canonical, clock, keys, money
from sealing import bid, keyfile, terminal, wire
from sealing.keyset import Keyset
from sealing.manifest import ClientClaim

VERSION = "0.1.0"
_SHEET_OPTIONS = ("price", "period_days", "quality", "project_leader")
_BAR = 30


def seal_main(argv: Sequence[str]) -> int:
    """Seal a bid into a folder that can be handed in. Works offline; nothing leaves this machine."""
    args = _seal_parser().parse_args(argv)
    return terminal.reported("kaibiao seal", lambda: _seal(args))


def _seal_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao seal", description=seal_main.__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="documents of the bid, any size")
    parser.add_argument("--keyset", type=Path, required=True, help="keyset.json of the lot")
    parser.add_argument("--key", type=Path, required=True, help="key file")
    parser.add_argument("--policy", type=Path, help="policy file with the trustees' keys, pinned at genesis")
    parser.add_argument("--sheet", type=Path, help="JSON with the fields of the sheet; options below win over it")
    parser.add_argument("--price", help="in yuan with two decimals: 21846300.00")
    parser.add_argument("--period-days", type=int)
    parser.add_argument("--quality")
    parser.add_argument("--project-leader")
    parser.add_argument("--bidder-name", help="for a consortium; otherwise the certificate's organization")
    parser.add_argument("--prev", metavar="SHA256", help="manifest hash of the bid that this one replaces")
    parser.add_argument("--no-rescue", action="store_true", help="write no rescue.age")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR")
    return parser


def _seal(args: argparse.Namespace) -> None:
    raw = args.keyset.read_bytes()
    keyset = Keyset.parse(raw)
    _check_policy(keyset, args.policy)
    content = _sheet(args)
    key, passphrase = _key(args.key)
    sealed = bid.seal(
        keyset,
        raw,
        bid.BidderIdentity(key.cert_chain, key.key),
        content,
        files=args.files,
        out=args.out,
        created_at=clock.rfc3339(clock.now()),
        client=claim(),
        prev=args.prev,
        progress=_bar if sys.stderr.isatty() else None,
        passphrase=None if args.no_rescue else _rescue_passphrase(passphrase),
        bidder_name=args.bidder_name,
    )
    for envelope in sealed.manifest.envelopes:
        terminal.say(f"{envelope.stage}.age  {envelope.size} B  sha256 {envelope.ciphertext_sha256}")
    terminal.say(f"封标完成 / sealed: {args.out}  manifest sha256 {sealed.manifest_sha256}")


def _check_policy(keyset: Keyset, policy: Path | None) -> None:
    """Refuse a keyset whose trustees are not the pinned nodes; without the policy file say that it was not checked."""
    if policy is None:
        terminal.complain("未提供策略文件,受托方密钥未与创世记录核对 / no --policy: the trustees' keys are not checked")
        return
    obstacles = keyset.check(pinned_keys(policy.read_text("utf-8")))
    if obstacles:
        raise wire.WireError("密钥集不可用 / the keyset cannot be used: " + "; ".join(obstacles))


def pinned_keys(policy: str) -> dict[str, keys.PublicKey]:
    """Organization to signing key, from the lines `# kaibiao org|sign <node> <value>` of a policy file."""
    found: dict[str, dict[str, str]] = {"org": {}, "sign": {}}
    for line in policy.splitlines():
        words = line.split(maxsplit=4)
        if len(words) == 5 and words[:2] == ["#", "kaibiao"] and words[2] in found:
            found[words[2]][words[3]] = words[4].strip()
    return {org: keys.parse(found["sign"][node]) for node, org in found["org"].items() if node in found["sign"]}


def _sheet(args: argparse.Namespace) -> dict[str, Any]:
    """The sheet's content: the JSON file, then what the options say; the price in words is written for the bidder."""
    content = canonical.decode(args.sheet.read_bytes()) if args.sheet else {}
    if not isinstance(content, dict):
        raise wire.WireError("the sheet is not a JSON object")
    given = {name: getattr(args, name) for name in _SHEET_OPTIONS}
    content |= {name: value for name, value in given.items() if value is not None}
    if isinstance(content.get("price"), str) and content.get("price_words") is None:
        content["price_words"] = money.words(money.parse(content["price"]))
    return content


def _key(path: Path) -> tuple[keyfile.KeyFile, str | None]:
    """The key, and the passphrase if the file has one (`age -d` of a key file gives it without)."""
    raw = path.read_bytes()
    if raw.startswith(b"{"):
        return keyfile.KeyFile.parse(raw), None
    passphrase = terminal.secret(terminal.PASSPHRASE, "密钥文件口令 / passphrase of the key file: ")
    key = keyfile.load(raw, passphrase)
    if not key.cert_chain:
        raise wire.WireError("密钥文件中还没有证书 / the key file holds no certificate yet")
    return key, passphrase


def _rescue_passphrase(of_key: str | None) -> str:
    if of_key is not None and terminal.RESCUE_PASSPHRASE not in os.environ and terminal.PASSPHRASE in os.environ:
        return of_key
    return terminal.secret(terminal.RESCUE_PASSPHRASE, "救援文件口令 / passphrase for rescue.age: ")


def claim() -> ClientClaim:
    """This program by name, version and the hash over its own sources."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return ClientClaim("kaibiao", VERSION, digest.hexdigest())


def _bar(done: int, total: int) -> None:
    share = 100 * done // total if total else 100
    filled = "█" * (_BAR * share // 100)
    sys.stderr.write(f"\r{filled.ljust(_BAR, '·')} {share:3d} %" + ("\n" if done == total else ""))
    sys.stderr.flush()
