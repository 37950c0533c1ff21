"""`kaibiao key name-successor`: with the key still at hand, name the certificate that may replace or withdraw its bids."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from kernel import canonical, clock, keys
from kernel.statements import Signed
from sealing import keyfile
from sealing.succession import Naming

DONE, WRONG = 0, 2


def successor_main(argv: Sequence[str]) -> int:
    """Sign a kaibiao-successor/1 and keep it apart from the key: it is needed when the key is lost. Works offline."""
    args = _arguments().parse_args(argv)
    try:
        _name(args)
    except (OSError, ValueError, EOFError) as error:
        sys.stderr.write(f"kaibiao key name-successor: {error}\n")
        return WRONG
    return DONE


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao key name-successor", description=successor_main.__doc__)
    parser.add_argument("--key", type=Path, required=True, metavar="KEYFILE", help="the key that names")
    heir = parser.add_mutually_exclusive_group(required=True)
    heir.add_argument("--to", type=Path, metavar="KEYFILE", help="key file of the successor, with its certificate")
    heir.add_argument("--certificate", type=Path, metavar="DER", help="the successor's certificate")
    parser.add_argument("--lot", help="only for this lot; otherwise for every lot")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE")
    return parser


def _name(args: argparse.Namespace) -> None:
    if args.out.exists():
        raise FileExistsError(f"{args.out}: 已存在 / exists already")
    old = _loaded(args.key, "KAIBIAO_PASSPHRASE", "密钥文件口令 / passphrase of the key file: ")
    heir = canonical.sha(_certificate(args))
    at = clock.rfc3339(clock.now())
    said = Naming(lot=args.lot, old_key=keys.spell(old.key.public_key()), new_cert_sha256=heir, time=at)
    args.out.write_bytes(canonical.encode(Signed.make(said.content(), old.key).to_json()))
    sys.stdout.write(f"已指定继任证书 / successor named: {heir}  {args.out}\n")


def _certificate(args: argparse.Namespace) -> bytes:
    if args.certificate is not None:
        der: bytes = args.certificate.read_bytes()
        return der
    found = _loaded(args.to, "KAIBIAO_SUCCESSOR_PASSPHRASE", "继任密钥口令 / passphrase of the successor's key file: ")
    if not found.cert_chain:
        raise ValueError(f"{args.to}: 密钥文件中没有证书 / the key file holds no certificate")
    return found.cert_chain[0]


def _loaded(path: Path, variable: str, prompt: str) -> keyfile.KeyFile:
    raw = path.read_bytes()
    if raw.startswith(b"{"):
        return keyfile.KeyFile.parse(raw)
    return keyfile.load(raw, os.environ.get(variable) or getpass.getpass(prompt))
