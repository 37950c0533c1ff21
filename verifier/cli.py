"""`kaibiao archive` and `kaibiao verify`: the stranger's two commands."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kernel.errors import Words
from verifier import address, archive, verify
from verifier.address import Address, AddressError, Downloads
from verifier.case import Given
from verifier.claims import Claim, Mark, Report
from verifier.log import CHECKPOINT
from verifier.source import Archive, FolderArchive, opened

HONEST, LIED, WRONG = 0, 1, 2


def archive_main(argv: Sequence[str]) -> int:
    """Collect a tender's public files in one archive that can be rechecked with no server alive."""
    parser = argparse.ArgumentParser(prog="kaibiao archive", description=archive_main.__doc__)
    parser.add_argument("tender", help="address of the tender's page, or its code; a lot's code for its sealed archive")
    parser.add_argument("--url", help="address of the portal, where only a code is given")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE.zip")
    parser.add_argument("--documents", action="store_true", help="with the tender documents themselves")
    args = parser.parse_args(argv)
    try:
        sealed = address.sealed_archive(args.tender, args.url)
        if sealed is not None:
            address.fetch(sealed, args.out)
        else:
            with downloaded(Address.parse(args.tender, args.url), documents=args.documents) as folder:
                archive.pack(folder, args.out)
    except (AddressError, OSError, ValueError) as error:
        return _fail(str(error))
    _say(f"{args.out}  {args.out.stat().st_size} B")
    return HONEST


def verify_main(argv: Sequence[str]) -> int:
    """Recheck a whole tender without trusting the portal: one line for each claim, status 0 only if nothing lies."""
    args = _arguments().parse_args(argv)
    try:
        receipts = tuple(path.read_bytes() for path in args.receipt)
        segments = tuple((path.name, _digest(path)) for path in args.segment)
        given = Given(_bytes(args.policy), _bytes(args.checkpoint), roots_of(args.roots), receipts, segments)
        with _found(args.target, args.url) as files:
            report = _shown(files, given, args.lang, go_on=args.all)
            if args.keep is not None and report.honest:
                args.keep.write_bytes(files.get(CHECKPOINT))
    except (AddressError, OSError, ValueError) as error:
        return _fail(str(error))
    _say(report.summary().in_language(args.lang))
    return HONEST if report.honest else LIED


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao verify", description=verify_main.__doc__)
    parser.add_argument("target", help="archive (zip or folder), address of the tender's page, or its code")
    parser.add_argument("--url", help="address of the portal, where only a code is given")
    parser.add_argument("--policy", type=Path, help="the policy file you hold, from an authority you trust")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint you kept: the log must continue it")
    parser.add_argument(
        "--receipt", type=Path, action="append", default=[], help="a receipt you hold: is the bid on the roll?"
    )
    parser.add_argument(
        "--segment", type=Path, action="append", default=[], help="a recorded file: is its hash the one in the log?"
    )
    parser.add_argument("--roots", type=Path, help="certification authorities you trust for bidders (PEM)")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="keep the checkpoint if all of it holds, for next time"
    )
    parser.add_argument("--all", action="store_true", help="go on after the first lie")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    return parser


def _shown(files: Archive, given: Given, language: str, *, go_on: bool) -> Report:
    report, lot = Report(), None
    for claim in verify.claims(files, given):
        if claim.lot != lot:
            lot = claim.lot
            _say(f"\n{Words('标段', 'lot').in_language(language)} {lot}")
        report.claims.append(claim)
        _show(claim, language)
        if claim.mark is Mark.LIE and not go_on:
            break
    return report


def _show(claim: Claim, language: str) -> None:
    _say(claim.line(language))


@contextmanager
def _found(target: str, portal: str | None) -> Iterator[Archive]:
    path = Path(target)
    if path.exists():
        with opened(path) as files:
            yield files
        return
    with downloaded(Address.parse(target, portal)) as folder:
        yield FolderArchive(folder)


@contextmanager
def downloaded(where: Address, *, documents: bool = False) -> Iterator[Path]:
    """A folder with everything public of the tender; says what the log does not hold yet."""
    with tempfile.TemporaryDirectory(prefix="kaibiao-") as folder, address.client() as client:
        ahead = archive.collect(Downloads(where, client, Path(folder)), documents=documents)
        for what in ahead:
            _fail(f"日志尚未载入 / not in the log yet: {what}")
        yield Path(folder)


def _bytes(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def roots_of(path: Path | None) -> tuple[bytes, ...]:
    if path is None:
        return ()
    found = x509.load_pem_x509_certificates(path.read_bytes())
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)


def _say(text: str) -> None:
    print(text)  # noqa: T201  a command speaks on its terminal


def _fail(text: str) -> int:
    print(f"kaibiao: {text}", file=sys.stderr)  # noqa: T201
    return WRONG
