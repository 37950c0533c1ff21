"""`kaibiao packs`: read the law packs, compare two of them in words, check a local one before it is taken up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from kernel.errors import Refusal
from tendering import coverage, pack_changes, packs, strictness
from tendering.packs import Pack

DONE, REFUSED = 0, 1


def packs_main(argv: Sequence[str]) -> int:
    """Law packs: list, show, compare, check, coverage."""
    args = _parser().parse_args(argv)
    try:
        lines = args.work(args)
    except (Refusal, OSError) as error:
        _say(_refused(error), sys.stderr)
        return REFUSED
    for line in lines:
        _say(line, sys.stdout)
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao packs", description=packs_main.__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="every pack with its number of rules").set_defaults(work=_list)
    show = commands.add_parser("show", help="a pack's rules")
    show.add_argument("pack")
    show.set_defaults(work=_show)
    compare = commands.add_parser("compare", help="what changed from one pack to another")
    compare.add_argument("old")
    compare.add_argument("new")
    compare.set_defaults(work=_compare)
    check = commands.add_parser("check", help="whether a local pack is as strict as its law")
    check.add_argument("file", type=Path)
    check.set_defaults(work=_check)
    covered = commands.add_parser("coverage", help="where each rule is held, and which test proves it (in a checkout)")
    covered.add_argument("--gaps", action="store_true", help="only the rules that nothing holds or no test proves")
    covered.set_defaults(work=_coverage)
    return parser


def _list(_args: argparse.Namespace) -> list[str]:
    return [_line(packs.load(name)) for name in packs.names()]


def _line(pack: Pack) -> str:
    open_points = sum(rule.unverified for rule in pack.rules)
    return f"{pack.id:36} v{pack.version}  {len(pack.rules):3} 条 / rules, {open_points:2} 待核实 / unverified  {pack.title.zh}"


def _show(args: argparse.Namespace) -> list[str]:
    pack = packs.load(args.pack)
    rules = [f"{rule.id:20} {rule.words.zh}\n{'':20} {rule.words.en}\n{'':20} {rule.clause}" for rule in pack.rules]
    return [_line(pack), f"sha256 {pack.sha256}", *rules]


def _compare(args: argparse.Namespace) -> list[str]:
    found = pack_changes.changes(packs.load(args.old), packs.load(args.new))
    lines = [f"{change.rule:20} {change.words.zh}\n{'':20} {change.words.en}" for change in found]
    return lines or ["没有变化 / nothing changed"]


def _check(args: argparse.Namespace) -> list[str]:
    local = strictness.read(args.file.read_bytes())
    return [_line(local), f"不低于上位规则 / as strict as {local.base}", f"sha256 {local.sha256}"]


def _coverage(args: argparse.Namespace) -> list[str]:
    rows = coverage.coverage()
    whole = [row for row in rows if row.held and row.proved]
    shown = [row for row in rows if row not in whole] if args.gaps else rows
    return [
        *(line for row in shown for line in _covered(row)),
        f"{len(whole)} / {len(rows)} 条落实并有测试 / rules held and proved",
    ]


def _covered(row: coverage.Row) -> list[str]:
    """Tests of one row of the law's table prove it together; the first three are named."""
    does = "".join(sorted(row.rule.does))
    more = [f"... {len(row.proved) - 3} more"] if len(row.proved) > 3 else []
    return [
        f"{row.rule.id:22} {does:4} {row.rule.words.zh}",
        *(f"{'':27} held   {place}" for place in row.held or ("—",)),
        *(f"{'':27} proved {test}" for test in (*row.proved[:3], *more) or ("—",)),
    ]


def _refused(error: Refusal | OSError) -> str:
    if isinstance(error, Refusal):
        return f"kaibiao packs: {error.words.zh} / {error.words.en} ({error.rule})"
    return f"kaibiao packs: {error}"


def _say(text: str, stream: TextIO) -> None:
    stream.write(text + "\n")
