"""`kaibiao keygen`: a signing key made offline, and its certificates added when they are issued."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from kernel import clock, keys
from sealing import keyfile, terminal, wire
from sealing.replacing import Replacing


def keygen_main(argv: Sequence[str]) -> int:
    """Make a signing key in a key file under a passphrase, or add the issued certificates to one."""
    args = _keygen_parser().parse_args(argv)
    return terminal.reported("kaibiao keygen", lambda: _add_certificates(args) if args.certificate else _keygen(args))


def _keygen_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao keygen", description=keygen_main.__doc__)
    parser.add_argument("--org", help="organization")
    parser.add_argument("--person", help="who will sign with it")
    parser.add_argument("--p256", action="store_true", help="P-256 instead of Ed25519")
    parser.add_argument("--certificate", type=Path, action="append", help="DER, the key's own first")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="KEYFILE")
    return parser


def _keygen(args: argparse.Namespace) -> None:
    if not args.org or not args.person:
        raise wire.WireError("需要 --org 和 --person / --org and --person are needed")
    key = ec.generate_private_key(ec.SECP256R1()) if args.p256 else keys.generate()
    made = keyfile.KeyFile(key, (), args.org, args.person, clock.rfc3339(clock.now()))
    locked = made.lock(terminal.secret(terminal.PASSPHRASE, "新密钥文件的口令 / passphrase for the new key file: "))
    if args.out.exists():
        raise FileExistsError(f"{args.out}: 已存在 / is there already")
    with Replacing(args.out) as target:
        target.file.write(locked)
    terminal.say(f"公钥 / public key: {keys.spell(key.public_key())}")


def _add_certificates(args: argparse.Namespace) -> None:
    passphrase = terminal.secret(terminal.PASSPHRASE, "密钥文件口令 / passphrase of the key file: ")
    key = keyfile.load(args.out.read_bytes(), passphrase)
    certified = key.certified(tuple(path.read_bytes() for path in args.certificate))
    with Replacing(args.out) as target:
        target.file.write(certified.lock(passphrase))
    terminal.say(f"证书已写入 / certificates added: {args.out}")
