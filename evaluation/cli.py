"""`kaibiao admit`, `kaibiao score`, `kaibiao award`: the signed acts of evaluators and owners, from the command line.

What is signed is built or read here first, and said in words before the key file is opened; the passphrase comes from
KAIBIAO_PASSPHRASE or a prompt, never from an argument.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from accounts import remote
from accounts.remote import RefusedError, Remote
from evaluation import sheets, spec
from kernel import canonical, keys
from kernel.errors import Refusal
from kernel.statements import Signed
from sealing import keyfile
from sealing.keyfile import KeyFile

DONE, REFUSED, WRONG = 0, 1, 2


def admit_main(argv: Sequence[str]) -> int:
    """Declare that there is no conflict of interest (once), and sign that the documents may be opened."""
    parser = arguments("kaibiao admit", admit_main.__doc__)
    parser.add_argument("--no-conflict", action="store_true", help="declare that you have no conflict of interest")
    args = parser.parse_args(argv)
    return reported("kaibiao admit", lambda: _admit(args))


def score_main(argv: Sequence[str]) -> int:
    """Check a score sheet against the lot's method, sign it, and hand it in."""
    parser = arguments("kaibiao score", score_main.__doc__)
    parser.add_argument(
        "--sheet", type=Path, required=True, help='{"bids": {bid_id or bidder: {conforms, ground, scores, notes}}}'
    )
    args = parser.parse_args(argv)
    return reported("kaibiao score", lambda: _score(args))


def award_main(argv: Sequence[str]) -> int:
    """Sign the award of a lot to a candidate, after the publicity."""
    parser = arguments("kaibiao award", award_main.__doc__)
    parser.add_argument("--bid", required=True, metavar="BID_ID")
    args = parser.parse_args(argv)
    return reported("kaibiao award", lambda: _award(args))


def sheet_of(room: Mapping[str, Any], given: Mapping[str, Any]) -> bytes:
    """The bytes to sign: this seat's sheet with the bids of `given`; Invalid with every fault that it has."""
    ids = {bid["bidder"]: bid["bid_id"] for bid in room["bids"]}
    raw = canonical.encode(
        {
            "type": sheets.TYPE,
            "lot": room["lot"],
            "method_sha256": room["method_sha256"],
            "evaluator": room["alias"],
            "bids": {ids.get(name, name): entry for name, entry in given["bids"].items()},
        }
    )
    found = sheets.faults(spec.from_json(room["method"]), sheets.parse(raw), frozenset(ids.values()))
    sheets.refuse_faults(found)
    return raw


def _admit(args: argparse.Namespace) -> None:
    with portal_of(args) as portal:
        if args.no_conflict:
            portal.post(f"lots/{args.lot}/seat/declaration", {"conflict": None})
        raw = keys.unb64(portal.get(f"lots/{args.lot}/seat/admission")["statement"])
        content = canonical.decode(raw)
        say(f"开启 {args.lot} 的 {len(content['bids'])} 份投标 / open {len(content['bids'])} bids")
        portal.post(f"lots/{args.lot}/seat/admission", signed_with(args, raw))
    say("已签署 / signed")


def _score(args: argparse.Namespace) -> None:
    given = canonical.decode(args.sheet.read_bytes())
    if not isinstance(given, dict) or not isinstance(given.get("bids"), dict):
        raise ValueError(f"{args.sheet}: 不是评分表 / not a score sheet")  # noqa: TRY004  malformed input, not a caller's mistake
    with portal_of(args) as portal:
        raw = sheet_of(portal.get(f"lots/{args.lot}/room"), given)
        say(f"评分表 / sheet SHA-256 {canonical.sha(raw)}")
        portal.post(f"lots/{args.lot}/sheet", signed_with(args, raw))
    say("评分表已签署送达 / the sheet is signed and handed in")


def _award(args: argparse.Namespace) -> None:
    with portal_of(args) as portal:
        raw = keys.unb64(portal.get(f"lots/{args.lot}/award/statement?bid_id={args.bid}")["statement"])
        content = canonical.decode(raw)
        say(f"定标 / award: {content['bidder']} {content['price']}")
        portal.post(f"lots/{args.lot}/award", signed_with(args, raw))
    say("已定标 / awarded")


def signed_with(args: argparse.Namespace, raw: bytes) -> dict[str, str]:
    held = _key(args)
    signed = Signed(raw, keys.sign(raw, held.key))
    return {**signed.to_json(), "cert": keys.b64(held.cert_chain[0])}


def _key(args: argparse.Namespace) -> KeyFile:
    passphrase = os.environ.get("KAIBIAO_PASSPHRASE") or getpass.getpass("密钥口令 / passphrase: ")
    found = keyfile.load(args.key.read_bytes(), passphrase)
    if not found.cert_chain:
        raise ValueError(f"{args.key}: 密钥尚无证书 / the key has no certificate yet")
    return found


def portal_of(args: argparse.Namespace) -> Remote:
    return Remote(args.url, remote.token(args.token_file))


def arguments(prog: str, description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--url", required=True, help="address of the portal")
    parser.add_argument("--lot", required=True)
    parser.add_argument("--key", type=Path, required=True, metavar="KEYFILE")
    parser.add_argument("--token-file", type=Path, help="written by `kaibiao login`; otherwise KAIBIAO_TOKEN")
    return parser


def reported(command: str, work: Callable[[], None]) -> int:
    """Run `work`; what people can mend is said in a sentence, not in a traceback."""
    try:
        work()
    except (Refusal, RefusedError) as refused:
        said = f"{refused.words.zh} / {refused}" if isinstance(refused, Refusal) else str(refused)
        sys.stderr.write(f"{command}: {said}\n")
        return REFUSED
    except (OSError, ValueError, KeyError, EOFError, httpx.HTTPError) as error:
        sys.stderr.write(f"{command}: {error}\n")
        return WRONG
    return DONE


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
