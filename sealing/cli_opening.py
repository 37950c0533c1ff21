"""`kaibiao unseal`: one's own sealed bid opened with its rescue file, to see that it holds what it should."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from sealing import age, bid, documents, opening, rescue, terminal, wire
from sealing.faults import Judgment
from sealing.manifest import Manifest
from sealing.sheet import is_sheet


def open_main(argv: Sequence[str]) -> int:
    """Open one's own sealed bid with its rescue file, to see that it holds what it should. Works offline."""
    args = _open_parser().parse_args(argv)
    return terminal.reported("kaibiao open", lambda: _open(args))


def _open_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao open", description=open_main.__doc__)
    parser.add_argument("bid", type=Path, metavar="DIR", help="folder that kaibiao seal made")
    parser.add_argument("--stage", help="only this envelope")
    parser.add_argument("--identity", type=Path, help="AGE-SECRET-KEY of --stage instead of rescue.age")
    parser.add_argument("--tar", action="store_true", help="leave documents in their tar")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR")
    return parser


def _open(args: argparse.Namespace) -> None:
    manifest = Manifest.parse((args.bid / bid.MANIFEST).read_bytes())
    secrets = _identities(args)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.stage is not None and args.stage not in {envelope.stage for envelope in manifest.envelopes}:
        raise wire.WireError(f"投标中没有这个信封 / the bid has no envelope {args.stage}")
    for stage, secret in secrets.items():
        _open_stage(manifest, stage, secret, args)


def _identities(args: argparse.Namespace) -> Mapping[str, bytes]:
    if args.identity is not None:
        if args.stage is None:
            raise wire.WireError("--identity 需要 --stage / --identity needs --stage")
        return {args.stage: age.decode_identity(args.identity.read_text("ascii").split()[-1])}
    passphrase = terminal.secret(terminal.RESCUE_PASSPHRASE, "救援文件口令 / passphrase of rescue.age: ")
    found = rescue.read((args.bid / bid.RESCUE).read_bytes(), passphrase)
    return {stage: secret for stage, secret in found.items() if args.stage in (None, stage)}


def _open_stage(manifest: Manifest, stage: str, secret: bytes, args: argparse.Namespace) -> None:
    envelope = manifest.envelope(stage)
    if age.recipient_of(secret) != envelope.recipient:
        raise wire.WireError(f"{stage}: 不是这个信封的密钥 / not this envelope's key")
    target = args.out / (f"{stage}.json" if is_sheet(stage) else f"{stage}.tar")
    fault = opening.decrypt(manifest, envelope, secret, args.bid / f"{stage}.age", target)
    if isinstance(fault, Judgment):
        raise wire.WireError(f"{stage}: {fault.zh} / {fault.en} ({fault.rule})")
    if not is_sheet(stage) and not args.tar:
        _unpack(target, args.out / stage)
    terminal.say(f"{stage}: 可以打开 / opens")


def _unpack(tar: Path, folder: Path) -> None:
    folder.mkdir()
    with tar.open("rb") as payload:
        documents.unpack(payload, folder)
    tar.unlink()
