"""`kaibiao seal`, `kaibiao open`, `kaibiao keygen`: the bidder's commands that need no network.

Passphrases come from KAIBIAO_PASSPHRASE and KAIBIAO_RESCUE_PASSPHRASE or from a prompt, never from an argument,
which other users of the machine could read.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from kernel import canonical, clock, keys, money
from sealing import age, bid, documents, keyfile, opening, rescue, wire
from sealing.faults import Judgment
from sealing.keyset import Keyset
from sealing.manifest import ClientClaim, Manifest
from sealing.replacing import Replacing
from sealing.sheet import is_sheet

VERSION = "0.1.0"
DONE, REFUSED, WRONG = 0, 1, 2
PASSPHRASE, RESCUE_PASSPHRASE = "KAIBIAO_PASSPHRASE", "KAIBIAO_RESCUE_PASSPHRASE"
_SHEET_OPTIONS = ("price", "period_days", "quality", "project_leader")
_BAR = 30


def seal_main(argv: Sequence[str]) -> int:
    """Seal a bid into a folder that can be handed in. Works offline; nothing leaves this machine."""
    args = _seal_parser().parse_args(argv)
    return _reported("kaibiao seal", lambda: _seal(args))


def open_main(argv: Sequence[str]) -> int:
    """Open one's own sealed bid with its rescue file, to see that it holds what it should. Works offline."""
    args = _open_parser().parse_args(argv)
    return _reported("kaibiao open", lambda: _open(args))


def keygen_main(argv: Sequence[str]) -> int:
    """Make a signing key in a key file under a passphrase, or add the issued certificates to one."""
    args = _keygen_parser().parse_args(argv)
    return _reported("kaibiao keygen", lambda: _add_certificates(args) if args.certificate else _keygen(args))


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


def _open_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao open", description=open_main.__doc__)
    parser.add_argument("bid", type=Path, metavar="DIR", help="folder that kaibiao seal made")
    parser.add_argument("--stage", help="only this envelope")
    parser.add_argument("--identity", type=Path, help="AGE-SECRET-KEY of --stage instead of rescue.age")
    parser.add_argument("--tar", action="store_true", help="leave documents in their tar")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR")
    return parser


def _keygen_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao keygen", description=keygen_main.__doc__)
    parser.add_argument("--org", help="organization")
    parser.add_argument("--person", help="who will sign with it")
    parser.add_argument("--p256", action="store_true", help="P-256 instead of Ed25519")
    parser.add_argument("--certificate", type=Path, action="append", help="DER, the key's own first")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="KEYFILE")
    return parser


def _reported(command: str, work: Any) -> int:
    """Run `work`; what people can mend is said in a sentence, not in a traceback."""
    try:
        work()
    except bid.SealingError as error:
        for fault in error.faults:
            _complain(f"{command}: {fault.zh} / {fault.en}")
        return REFUSED
    except (OSError, ValueError, EOFError) as error:
        _complain(f"{command}: {error}")
        return WRONG
    return DONE


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
        client=_claim(),
        prev=args.prev,
        progress=_bar if sys.stderr.isatty() else None,
        passphrase=None if args.no_rescue else _rescue_passphrase(passphrase),
        bidder_name=args.bidder_name,
    )
    for envelope in sealed.manifest.envelopes:
        _say(f"{envelope.stage}.age  {envelope.size} B  sha256 {envelope.ciphertext_sha256}")
    _say(f"封标完成 / sealed: {args.out}  manifest sha256 {sealed.manifest_sha256}")


def _check_policy(keyset: Keyset, policy: Path | None) -> None:
    """Refuse a keyset whose trustees are not the pinned nodes; without the policy file say that it was not checked."""
    if policy is None:
        _complain("未提供策略文件,受托方密钥未与创世记录核对 / no --policy: the trustees' keys are not checked")
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
    passphrase = _secret(PASSPHRASE, "密钥文件口令 / passphrase of the key file: ")
    key = keyfile.load(raw, passphrase)
    if not key.cert_chain:
        raise wire.WireError("密钥文件中还没有证书 / the key file holds no certificate yet")
    return key, passphrase


def _rescue_passphrase(of_key: str | None) -> str:
    if of_key is not None and RESCUE_PASSPHRASE not in os.environ and PASSPHRASE in os.environ:
        return of_key
    return _secret(RESCUE_PASSPHRASE, "救援文件口令 / passphrase for rescue.age: ")


def _secret(variable: str, prompt: str) -> str:
    passphrase = os.environ.get(variable) or getpass.getpass(prompt)
    if not passphrase:
        raise wire.WireError(f"口令不能为空 / the passphrase is empty ({variable})")
    return passphrase


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
    passphrase = _secret(RESCUE_PASSPHRASE, "救援文件口令 / passphrase of rescue.age: ")
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
    _say(f"{stage}: 可以打开 / opens")


def _unpack(tar: Path, folder: Path) -> None:
    folder.mkdir()
    with tar.open("rb") as payload:
        documents.unpack(payload, folder)
    tar.unlink()


def _keygen(args: argparse.Namespace) -> None:
    if not args.org or not args.person:
        raise wire.WireError("需要 --org 和 --person / --org and --person are needed")
    key = ec.generate_private_key(ec.SECP256R1()) if args.p256 else keys.generate()
    made = keyfile.KeyFile(key, (), args.org, args.person, clock.rfc3339(clock.now()))
    locked = made.lock(_secret(PASSPHRASE, "新密钥文件的口令 / passphrase for the new key file: "))
    if args.out.exists():
        raise FileExistsError(f"{args.out}: 已存在 / is there already")
    with Replacing(args.out) as target:
        target.file.write(locked)
    _say(f"公钥 / public key: {keys.spell(key.public_key())}")


def _add_certificates(args: argparse.Namespace) -> None:
    passphrase = _secret(PASSPHRASE, "密钥文件口令 / passphrase of the key file: ")
    key = keyfile.load(args.out.read_bytes(), passphrase)
    certified = key.certified(tuple(path.read_bytes() for path in args.certificate))
    with Replacing(args.out) as target:
        target.file.write(certified.lock(passphrase))
    _say(f"证书已写入 / certificates added: {args.out}")


def _claim() -> ClientClaim:
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


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _complain(text: str) -> None:
    sys.stderr.write(text + "\n")
