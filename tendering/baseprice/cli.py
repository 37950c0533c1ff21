"""`kaibiao base-price`: the owner seals its base price on its own machine; only ciphertext and signature leave it."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx

from accounts import remote
from kernel import canonical, clock, keys, money
from sealing import baseprice, keyfile
from sealing.certificates import subject_of_der
from sealing.cli import claim, pinned_keys
from sealing.keyset import Keyset, signature_obstacles

DONE, REFUSED, WRONG = 0, 1, 2


def main(argv: Sequence[str]) -> int:
    """Seal a lot's one base price before the deadline; it is opened and read out with the bids."""
    args = _arguments().parse_args(argv)
    try:
        with remote.Remote(args.url, remote.token(args.token_file)) as portal:
            return _seal(portal, args)
    except remote.RefusedError as refused:
        rule = refused.answer.get("rule") or ""
        sys.stderr.write(f"kaibiao base-price: {refused} [{rule}]\n")
        return REFUSED
    except (OSError, ValueError, httpx.HTTPError) as error:
        sys.stderr.write(f"kaibiao base-price: {error}\n")
        return WRONG


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao base-price", description=main.__doc__)
    parser.add_argument("lot")
    parser.add_argument("amount", help="yuan with two decimals, like 19500000.00")
    parser.add_argument("--url", required=True, help="address of the portal")
    parser.add_argument("--token-file", type=Path, help="written by `kaibiao login`; otherwise KAIBIAO_TOKEN")
    parser.add_argument("--key", type=Path, required=True, metavar="KEYFILE")
    parser.add_argument("--policy", type=Path, help="policy file with the trustees' keys, pinned at genesis")
    return parser


def _seal(portal: remote.Remote, args: argparse.Namespace) -> int:
    amount = money.parse(args.amount)
    raw = _keyset(portal, args)
    key = _key(args.key)
    owner, made = subject_of_der(key.cert_chain[0]).org, (clock.rfc3339(clock.now()), claim())
    sys.stdout.write(f"封存标底 / sealing: {money.figures(amount)} 元 {money.words(amount)}\n")
    signed = baseprice.seal(Keyset.parse(raw), raw, (owner, key.key), amount, made)
    done = portal.post(f"lots/{args.lot}/base-price", signed.to_json())
    sys.stdout.write(f"已封存，开标时公布 / sealed, to be read out at the opening: {done['sha256']}\n")
    return DONE


def _keyset(portal: remote.Remote, args: argparse.Namespace) -> bytes:
    """The keyset as its signers put it: what another hand exchanged is not sealed to."""
    raw, sigs = canonical.encode(portal.get(f"lots/{args.lot}/keyset")), portal.get(f"lots/{args.lot}/keyset.sigs")
    keyset = Keyset.parse(raw)
    found = signature_obstacles(keyset, raw, keys.unb64(sigs["owner"]), keys.unb64(sigs["supervisor"]))
    if args.policy:
        found += keyset.check(pinned_keys(args.policy.read_text("utf-8")))
    else:
        sys.stderr.write("未提供策略文件，受托方密钥未核对 / no --policy: the trustees' keys are not checked\n")
    if keyset.lot != args.lot or found:
        raise ValueError(f"密钥组不可用 / the keyset cannot be used: {'; '.join(found) or keyset.lot}")
    return raw


def _key(path: Path) -> keyfile.KeyFile:
    passphrase = os.environ.get("KAIBIAO_PASSPHRASE") or getpass.getpass("密钥口令 / passphrase: ")
    found = keyfile.load(path.read_bytes(), passphrase)
    if not found.cert_chain:
        raise ValueError("密钥文件中没有证书 / the key file holds no certificate")
    return found
