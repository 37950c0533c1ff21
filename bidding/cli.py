"""`kaibiao bid`, `kaibiao withdraw`, `kaibiao receipt`: the bidder's commands."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from accounts import remote
from accounts.remote import RefusedError
from bidding import keepsake
from bidding.delivery import Address, AgainError, Delivery, SealedFiles, State
from kernel import canonical, clock, keys
from kernel.statements import Signed
from sealing import keyfile, succession
from sealing.receipts import Withdrawal
from supervision.policy import Policy

DONE, REFUSED, PENDING, WRONG = 0, 1, 3, 2
_WAITS = (0.5, 1, 2, 3, 5, 8, 8)
_RECEIPT_EVERY = 0.5


def bid_main(argv: Sequence[str]) -> int:
    """Upload a sealed bid, submit it, wait for the witnessed receipt; run it again after any interruption."""
    args = _bid_arguments().parse_args(argv)
    try:
        files = replace(SealedFiles.read(args.dir), warrant=_warrant(args.warrant))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _fail(f"{args.dir}: 不是封好的投标 / not a sealed bid ({error})", WRONG)
    address = Address(args.url, args.lot, args.party)
    with _client(args) as client:
        delivery = Delivery(client, address, files, State.load(args.dir, files.sha256, address), _Bar().show)
        try:
            return _deliver(delivery, args)
        except RefusedError as refused:
            return _refused(refused)


def withdraw_main(argv: Sequence[str]) -> int:
    """Withdraw the live bid of a lot: sign the statement with the key that sealed it, send it, keep the receipt."""
    args = _withdraw_arguments().parse_args(argv)
    address = Address(args.url, args.lot)
    try:
        manifest_sha256 = args.manifest_sha256 or canonical.sha((args.dir / "manifest.json").read_bytes())
        key, warrant = keyfile.load(args.key.read_bytes(), _passphrase(args)), _warrant(args.warrant)
    except (OSError, ValueError) as error:
        return _fail(str(error), WRONG)
    content = Withdrawal(args.lot, manifest_sha256, clock.rfc3339(clock.now())).content()
    body: dict[str, Any] = Signed.make(content, key.key).to_json()
    if warrant is not None:
        body |= {"warrant": warrant, "cert_chain": [keys.b64(der) for der in key.cert_chain]}
    with _client(args) as client:
        try:
            answer = _sent(client, address.api(f"lots/{args.lot}/withdrawals"), body)
        except RefusedError as refused:
            return _refused(refused)
    _write(args.out or args.dir / "withdrawal-receipt.json", answer)
    _say(f"已撤回 / withdrawn: {manifest_sha256}")
    return DONE


def receipt_main(argv: Sequence[str]) -> int:
    """Check a kept receipt against the policy file, with no server: 0 only if it is witnessed and every claim holds."""
    parser = argparse.ArgumentParser(prog="kaibiao receipt", description=receipt_main.__doc__)
    parser.add_argument("file", type=Path, help="receipt.json as the platform gave it")
    parser.add_argument("--policy", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, help="manifest.json of the bid")
    args = parser.parse_args(argv)
    try:
        kept = canonical.decode(args.file.read_bytes())
        policy = Policy.parse(args.policy.read_bytes())
        manifest = args.manifest.read_bytes() if args.manifest else None
    except (OSError, ValueError) as error:
        return _fail(str(error), WRONG)
    claims = keepsake.claims(kept, policy, manifest)
    for claim in claims:
        _say(f"{'✓' if claim.held else '✗'} {claim.zh} / {claim.en}")
    return DONE if all(claim.held for claim in claims) else REFUSED


def _deliver(delivery: Delivery, args: argparse.Namespace) -> int:
    envelopes = _patiently(delivery.upload_all)
    answer = _patiently(lambda: delivery.submit(envelopes))
    out = args.out or args.dir / "receipt.json"
    _write(out, answer)
    _say(f"\n平台已签收 / received: {answer['receipt_id']} -> {out}")
    if args.no_wait:
        return DONE
    return _witnessed(delivery, out, args.wait)


def _witnessed(delivery: Delivery, out: Path, seconds: int) -> int:
    """Poll until the receipt is witnessed, keeping each better one."""
    end, state = clock.monotonic() + seconds, ""
    while clock.monotonic() < end:
        answer = _patiently(delivery.receipt)
        if answer["state"] != state:
            state = answer["state"]
            _write(out, answer)
            _say(f"回执 / receipt: {state}")
        if state == "witnessed":
            return DONE
        _pause(_RECEIPT_EVERY)
    _say(
        "回执尚未见证；投标已被收下，请稍后再运行本命令。/ Not yet witnessed; the bid is received. Run this again later."
    )
    return PENDING


def _patiently(step: Callable[[], Any]) -> Any:
    """Do `step`, again after a pause when nothing was decided; the last failure stands as a refusal."""
    for wait in _WAITS:
        try:
            return step()
        except AgainError as error:
            _say(f"\n连接中断，{wait} 秒后续传 / interrupted ({error}), going on in {wait} s")
            _pause(wait)
    try:
        return step()
    except AgainError as error:
        raise RefusedError(0, {"message_en": f"the platform cannot be reached: {error}"}) from error


def _sent(client: httpx.Client, url: str, body: dict[str, Any]) -> dict[str, Any]:
    key = {"Idempotency-Key": canonical.sha(canonical.encode(body))}
    answer = client.post(url, json=body, headers=key)
    found: dict[str, Any] = answer.json()
    if answer.is_error:
        raise RefusedError(answer.status_code, found)
    return found


def _warrant(path: Path | None) -> dict[str, str] | None:
    """The naming or order in a file, as it goes into a request; ValueError when it is neither."""
    if path is None:
        return None
    signed = Signed.from_json(canonical.decode(path.read_bytes()))
    succession.read(signed)
    return signed.to_json()


def _bid_arguments() -> argparse.ArgumentParser:
    parser = _arguments("kaibiao bid", bid_main.__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="folder that `kaibiao seal` made")
    parser.add_argument("--party", help="consortium:<id> when bidding for one")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the witnessed receipt")
    parser.add_argument("--wait", type=int, default=120, metavar="SECONDS")
    parser.add_argument("--out", type=Path, help="where the receipt is kept (default: in the folder)")
    return parser


def _withdraw_arguments() -> argparse.ArgumentParser:
    parser = _arguments("kaibiao withdraw", withdraw_main.__doc__)
    parser.add_argument("--dir", type=Path, default=Path(), help="folder of the sealed bid")
    parser.add_argument("--manifest-sha256", help="instead of the folder")
    parser.add_argument("--key", type=Path, required=True, help="key file")
    parser.add_argument("--passphrase-file", type=Path, help="otherwise KAIBIAO_PASSPHRASE")
    parser.add_argument("--out", type=Path)
    return parser


def _arguments(prog: str, text: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=text)
    parser.add_argument("--url", required=True, help="address of the portal")
    parser.add_argument("--lot", required=True, help="code of the lot")
    parser.add_argument("--token-file", type=Path, help="written by `kaibiao login`; otherwise KAIBIAO_TOKEN")
    parser.add_argument("--warrant", type=Path, metavar="FILE", help="where the bid's own key is lost: naming or order")
    return parser


def _client(args: argparse.Namespace) -> httpx.Client:
    headers = {"Authorization": f"Bearer {remote.token(args.token_file)}"}
    return httpx.Client(headers=headers, timeout=httpx.Timeout(30, write=60), trust_env=False)


def _passphrase(args: argparse.Namespace) -> str:
    if args.passphrase_file:
        text: str = args.passphrase_file.read_text("utf-8")
        return text.rstrip("\n")
    return os.environ.get("KAIBIAO_PASSPHRASE", "")


class _Bar:
    """One line of progress per envelope, redrawn in place."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, stage: str, arrived: int, size: int) -> None:
        text = f"\r{stage}.age  {arrived * 100 // size:3d} %  {arrived / 1e6:.1f} / {size / 1e6:.1f} MB"
        if text != self._shown:
            self._shown = text
            sys.stderr.write(text + ("\n" if arrived == size else ""))
            sys.stderr.flush()


def _refused(refused: RefusedError) -> int:
    rule = f" [{refused.answer['rule']}]" if refused.answer.get("rule") else ""
    return _fail(f"被拒绝 / refused: {refused}{rule}", REFUSED)


def _write(path: Path, value: dict[str, Any]) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")
    fresh.replace(path)


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"\n{text}\n")
    return code
