"""`kaibiao recording`: hash the files of a recorder and report them, say that it runs, show what is missing.

A file says by its name which camera made it, from when to when in UTC: `hall-1_20261123T013000Z_20261123T014000Z.mp4`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import Any

import httpx

from accounts import remote
from accounts.remote import RefusedError, Remote
from kernel.clock import parse_rfc3339, rfc3339

DONE, REFUSED, WRONG = 0, 1, 2
NAME = re.compile(r"(?P<camera>[^_]+)_(?P<began>[0-9]{8}T[0-9]{6}Z)_(?P<ended>[0-9]{8}T[0-9]{6}Z)(\.[A-Za-z0-9]+)?")
AT_ONCE = 100


def recording_main(argv: Sequence[str]) -> int:
    """What the centre's recorder tells the portal; 1 when the portal refuses, 2 when something here is wrong."""
    args = _arguments().parse_args(argv)
    try:
        with Remote(args.url, remote.token(args.token_file)) as portal:
            args.run(portal, args)
    except RefusedError as refused:
        return _said(f"kaibiao recording: {refused}", REFUSED)
    except (OSError, ValueError, httpx.HTTPError) as error:
        return _said(f"kaibiao recording: {error}", WRONG)
    return DONE


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao recording", description=recording_main.__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = _command(commands, "add", _add, "hash recorded files and report them; may be repeated")
    add.add_argument("paths", type=Path, nargs="+", metavar="FOLDER|FILE")
    add.add_argument("--camera", help="for one file whose name does not say it, with --began and --ended")
    add.add_argument("--began", help="UTC, like 2026-11-23T01:30:00Z")
    add.add_argument("--ended")
    running = _command(commands, "running", _running, "say that a camera's recorder runs")
    running.add_argument("--camera", required=True)
    for command in (add, running):
        command.add_argument("--phase", choices=("opening", "evaluation"), required=True)
        command.add_argument("--room", required=True)
    _command(commands, "show", _show, "list what was reported and what is missing")
    return parser


def _command(
    commands: Any, name: str, run: Callable[[Remote, argparse.Namespace], None], says: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=says, description=says)
    parser.add_argument("lot")
    parser.add_argument("--url", required=True, help="address of the portal")
    parser.add_argument("--token-file", type=Path, help="written by `kaibiao login`; otherwise KAIBIAO_TOKEN")
    parser.set_defaults(run=run)
    return parser


def _add(portal: Remote, args: argparse.Namespace) -> None:
    found = [_named(path, args) for path in _files(args.paths)]
    if not found:
        raise ValueError("没有录像文件 / no recorded files there")
    for first in range(0, len(found), AT_ONCE):
        body = {"phase": args.phase, "room": args.room, "segments": found[first : first + AT_ONCE]}
        taken = portal.post(f"lots/{args.lot}/recordings", body)["taken"]
        _say(f"新上报 {taken} 段 / {taken} new segments")


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Of a folder, the files whose names say what they are."""
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.iterdir() if one.is_file() and NAME.fullmatch(one.name))
        else:
            yield path


def _named(path: Path, args: argparse.Namespace) -> dict[str, Any]:
    said = NAME.fullmatch(path.name)
    if said is not None:
        moments = {"camera": said["camera"], "began_at": _moment(said["began"]), "ended_at": _moment(said["ended"])}
    elif args.camera and args.began and args.ended and len(args.paths) == 1:
        parse_rfc3339(args.began), parse_rfc3339(args.ended)
        moments = {"camera": args.camera, "began_at": args.began, "ended_at": args.ended}
    else:
        raise ValueError(f"{path.name}: name it CAMERA_BEGAN_ENDED, or give --camera, --began and --ended for it alone")
    return {**moments, **digest(path)}


def digest(path: Path) -> dict[str, Any]:
    """A file's hash and size; it is never held whole."""
    with path.open("rb") as file:
        return {"sha256": file_digest(file, "sha256").hexdigest(), "size": path.stat().st_size}


def _moment(text: str) -> str:
    return rfc3339(dt.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC))


def _running(portal: Remote, args: argparse.Namespace) -> None:
    body = {"phase": args.phase, "room": args.room, "camera": args.camera}
    portal.post(f"lots/{args.lot}/recordings/running", body)


def _show(portal: Remote, args: argparse.Namespace) -> None:
    found = portal.get(f"lots/{args.lot}/recordings")
    for one in found["segments"]:
        _say(f"{one['sha256']}  {_stretch(one)}  {one['camera']}")
    for gap in found["gaps"]:
        _say(f"缺失 missing  {_stretch(gap)}  {gap['reason'] or '未说明 unexplained'}")
    for gap in found["silent"]:
        _say(f"失联 silent  {_stretch(gap)}")


def _stretch(one: dict[str, Any]) -> str:
    return f"{one['phase']} {one['room'] or '—'}  {one['began_at']}–{one['ended_at'] or ''}"


def _say(text: str) -> None:
    print(text)  # noqa: T201  a command speaks on its terminal


def _said(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code
