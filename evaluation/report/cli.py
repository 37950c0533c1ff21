"""`kaibiao report`: a member reads the evaluation report and signs it, with its dissent in writing if it has one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from evaluation import cli
from evaluation.report import rules
from kernel import canonical, keys


def main(argv: Sequence[str]) -> int:
    """Say what the evaluation report says, and sign it; a dissent is signed with it."""
    parser = cli.arguments("kaibiao report", main.__doc__)
    parser.add_argument("--dissent", type=Path, help="text file: with what you do not agree, and why")
    args = parser.parse_args(argv)
    return cli.reported("kaibiao report", lambda: _report(args))


def _report(args: argparse.Namespace) -> None:
    dissent = None if args.dissent is None else rules.checked_dissent(args.dissent.read_text("utf-8"))
    with cli.portal_of(args) as portal:
        told = portal.get(f"lots/{args.lot}/report")
        raw = keys.unb64(told["report"])
        for line in _lines(canonical.decode(raw)):
            cli.say(line)
        statement = rules.statement(args.lot, canonical.sha(raw), told["alias"], dissent)
        portal.post(f"lots/{args.lot}/report/signatures", cli.signed_with(args, statement))
    cli.say("评标报告已签署 / the evaluation report is signed")


def _lines(report: dict[str, list[dict[str, str]]]) -> list[str]:
    rows = [f"{line['rank']}  {line['bid_id']}  {line['price']}" for line in report["ranking"]]
    return [*rows, *(f"否决 / rejected  {one['bid_id']}" for one in report["rejected"])]
