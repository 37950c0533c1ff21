"""`kaibiao tender`: draft, upload documents, ask for keys, publish by signing, move a deadline, answer and cancel, from a shell.

The key file is opened here; only signatures leave the machine.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from accounts import remote
from kernel import canonical, keys
from kernel.clock import monotonic, parse_rfc3339
from kernel.statements import Signed
from sealing import keyfile
from tendering import cli_terms, statements

DONE, REFUSED, WRONG, PENDING = 0, 1, 2, 3
POLL_S = 0.5


def tender_main(argv: Sequence[str]) -> int:
    """Run one owner's command; 1 when the portal refuses, 2 when something here is wrong, 3 when it takes longer than --wait."""
    args = _arguments().parse_args(argv)
    try:
        with remote.Remote(args.url, remote.token(args.token_file)) as portal:
            done: int = args.run(portal, args)
            return done
    except remote.RefusedError as refused:
        return _refused(refused)
    except (OSError, ValueError, httpx.HTTPError) as error:
        sys.stderr.write(f"kaibiao tender: {error}\n")
        return WRONG


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao tender", description=tender_main.__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = _command(commands, "create", _create, "draft a tender from a JSON file; prints its code")
    create.add_argument("file", type=Path)
    update = _command(commands, "update", _update, "replace parts of a draft by those of a JSON file")
    update.add_argument("tender")
    update.add_argument("file", type=Path)
    document = _command(commands, "document", _document, "upload documents")
    document.add_argument("tender")
    document.add_argument("files", type=Path, nargs="+")
    for name, run, says in (
        ("check", _check, "list all that is still missing"),
        ("file", _file, "file the plan with all its departments at once"),
        ("intent", _intent, "make public what is going to be bought"),
        ("keys", _keys, "ask the nodes for keys and wait for them"),
        ("agency-key", _agency_key, "as the agency: name the key with which it will sign"),
        ("publish", _publish, "sign notice, keysets and timetables, and publish"),
    ):
        _command(commands, name, run, says).add_argument("tender")
    _after_notice(commands)
    return parser


def _after_notice(commands: Any) -> None:
    extend = _command(commands, "extend", _extend, "move a lot's deadline later")
    extend.add_argument("lot")
    extend.add_argument("closes_at", help="UTC, like 2026-11-23T01:30:00Z")
    cli_terms.options(_command(commands, "alter", _alter, "change a lot's terms; bids sealed before are void"))
    questions = _command(commands, "questions", _questions, "list the questions that wait for an answer")
    questions.add_argument("tender")
    answer = _command(commands, "answer", _answer, "answer a question, to everybody")
    answer.add_argument("tender")
    answer.add_argument("token")
    answer.add_argument("text")
    answer.add_argument("--bears-on-bids", action="store_true")
    cancel = _command(
        commands, "cancel", _cancel, "propose to end a tender, or confirm what another organization proposed"
    )
    cancel.add_argument("tender")
    cancel.add_argument("reason", nargs="?", default="")


def _command(commands: Any, name: str, run: Callable[..., int], says: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=says, description=says)
    parser.add_argument("--url", required=True, help="address of the portal")
    parser.add_argument("--token-file", type=Path, help="written by `kaibiao login`; otherwise KAIBIAO_TOKEN")
    if name in ("keys", "agency-key", "publish", "extend", "alter"):
        parser.add_argument("--key", type=Path, required=True, metavar="KEYFILE")
    if name == "keys":
        parser.add_argument("--wait", type=int, default=120, help="seconds to wait for the nodes")
    parser.set_defaults(run=run)
    return parser


def _create(portal: remote.Remote, args: argparse.Namespace) -> int:
    _say(portal.post("tenders", _read(args.file))["code"])
    return DONE


def _update(portal: remote.Remote, args: argparse.Namespace) -> int:
    portal.patch(f"tenders/{args.tender}", _read(args.file))
    return _check(portal, args)


def _document(portal: remote.Remote, args: argparse.Namespace) -> int:
    for path in args.files:
        where = f"tenders/{args.tender}/documents/{quote(path.name)}"
        with path.open("rb") as file:
            added = portal.put(where, file, path.stat().st_size)
        _say(f"{added['sha256']}  {path.name}")
    return DONE


def _check(portal: remote.Remote, args: argparse.Namespace) -> int:
    missing = portal.get(f"tenders/{args.tender}/obstacles")
    for one in missing:
        _say(f"- {one['zh']} {one['en']}  [{one['rule']}]")
    if not missing:
        _say("可以发布 / ready to be published")
    return DONE


def _file(portal: remote.Remote, args: argparse.Namespace) -> int:
    done = portal.post(f"tenders/{args.tender}/filing", {})
    _say(f"已备案 / filed: {done['sha256']}")
    for row in done["reviews"]:
        _say(f"- {row['department']}  {row['due_at']}")
    return DONE


def _intent(portal: remote.Remote, args: argparse.Namespace) -> int:
    done = portal.post(f"tenders/{args.tender}/intent", {})
    _say(f"采购意向已公开 / the intent is public: {done['item']}  {done['budget']}")
    return DONE


def _keys(portal: remote.Remote, args: argparse.Namespace) -> int:
    """Ask, then wait until every lot's keyset carries the supervising authority's signature."""
    found = _keyfile(args)
    portal.post(f"tenders/{args.tender}/keys", {"cert": keys.b64(_certificate(found))})
    lots = _awaited(portal, args)
    if all(lot["ready"] for lot in lots):
        for lot in lots:
            _say(f"{lot['lot']}  {lot['keyset_sha256']}")
        return DONE
    waiting = sorted({name for lot in lots for name in lot["waiting_for"]})
    sys.stderr.write(f"等待 / still waiting for: {', '.join(waiting) or 'supervisor'}\n")
    return PENDING


def _agency_key(portal: remote.Remote, args: argparse.Namespace) -> int:
    portal.post(f"tenders/{args.tender}/agency-key", {"cert": keys.b64(_certificate(_keyfile(args)))})
    _say(f"代理机构密钥已确认 / the agency's key is named: {args.tender}")
    return DONE


def _awaited(portal: remote.Remote, args: argparse.Namespace) -> list[dict[str, Any]]:
    """The lots' keys once all are ready, or as they are when the time to wait is over."""
    until = monotonic() + args.wait
    while True:
        lots: list[dict[str, Any]] = portal.get(f"tenders/{args.tender}/keys")
        if all(lot["ready"] for lot in lots) or monotonic() >= until:
            return lots
        time.sleep(POLL_S)


def _publish(portal: remote.Remote, args: argparse.Namespace) -> int:
    """Show in words what is signed, sign the exact bytes, publish."""
    found = _keyfile(args)
    signatures = []
    for item in portal.get(f"tenders/{args.tender}/signing-sheet"):
        raw = keys.unb64(item["file"])
        if canonical.sha(raw) != item["statement_sha256"]:
            raise ValueError("the sheet's hash is not that of its statement")
        _say(f"签署 / signing: {item['words']['zh']}")
        signatures.append({"statement_sha256": canonical.sha(raw), "sig": keys.b64(keys.sign(raw, found.key))})
    body = {"signatures": signatures, "cert": keys.b64(_certificate(found))}
    done = portal.post(f"tenders/{args.tender}/publish", body)
    _say(f"已发布 / published: {done['code']}  {done['notice_sha256']}")
    return DONE


def _extend(portal: remote.Remote, args: argparse.Namespace) -> int:
    lot = portal.get(f"lots/{args.lot}")
    item = statements.timetable(args.lot, lot["keyset_sha256"], parse_rfc3339(args.closes_at))
    _say(f"签署 / signing: {item.words.zh}")
    signed = Signed(item.raw, keys.sign(item.raw, _keyfile(args).key))
    done = portal.post(f"lots/{args.lot}/timetable", signed.to_json())
    _say(f"{done['lot']}  {done['closes_at']}")
    return DONE


def _alter(portal: remote.Remote, args: argparse.Namespace) -> int:
    return cli_terms.alter(portal, args, _keyfile(args).key)


def _questions(portal: remote.Remote, args: argparse.Namespace) -> int:
    for one in portal.get(f"tenders/{args.tender}").get("pending_questions", []):
        _say(f"{one['token']}  {one['question']}")
    return DONE


def _answer(portal: remote.Remote, args: argparse.Namespace) -> int:
    body = {"token": args.token, "answer": args.text, "bears_on_bids": args.bears_on_bids}
    portal.post(f"tenders/{args.tender}/answers", body)
    return DONE


def _cancel(portal: remote.Remote, args: argparse.Namespace) -> int:
    done = portal.post(f"tenders/{args.tender}/cancel", {"reason": args.reason})
    _say(done["state"])
    return DONE


def _read(path: Path) -> dict[str, Any]:
    value = canonical.decode(path.read_bytes())
    if not isinstance(value, dict):
        raise ValueError(f"{path}: 不是 JSON 对象 / not a JSON object")  # noqa: TRY004  the file is at fault
    return value


def _keyfile(args: argparse.Namespace) -> keyfile.KeyFile:
    passphrase = os.environ.get("KAIBIAO_PASSPHRASE") or getpass.getpass("密钥口令 / passphrase: ")
    return keyfile.load(args.key.read_bytes(), passphrase)


def _certificate(found: keyfile.KeyFile) -> bytes:
    if not found.cert_chain:
        raise ValueError("密钥文件中没有证书 / the key file holds no certificate")
    return found.cert_chain[0]


def _refused(refused: remote.RefusedError) -> int:
    sys.stderr.write(f"kaibiao tender: {refused}\n")
    for one in refused.answer.get("detail", {}).get("obstacles", []):
        sys.stderr.write(f"- {one['zh']} {one['en']}  [{one['rule']}]\n")
    return REFUSED


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
