"""`kaibiao COMMAND ...`: a table of commands; each imports its own entry point and nothing else."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "init": ("portal.setup:init_main", "make keys, database and folders of an installation"),
    "migrate": ("portal.setup:migrate_main", "bring the database to the current schema"),
    "genesis": ("portal.setup:genesis_main", "pin the nodes' cards in the policy file and open the log"),
    "run": ("portal.run:main", "start everything on this machine: web, worker, edges, evaluator, four nodes"),
    "reserve": ("tendering.offers.cli:main", "commit to a base or reserve price without telling it"),
    "base-price": ("tendering.baseprice.cli:main", "seal the secret base price of a lot, read out at its opening"),
    "scenario": ("portal.scenario.cli:main", "play life cycles of tenders from files, by a clock of their own"),
    "demo": ("portal.demo.cli:main", "play one whole practice tender"),
    "worker": ("portal.worker:main", "do what is due: log, closing, opening, mail"),
    "edge": ("livestream.edge:edge_main", "serve the released folder, or the nodes' inboxes, to many"),
    "recording": (
        "livestream.recording.cli:recording_main",
        "as the centre: report recorded files, or that a recorder runs",
    ),
    "evaluator": ("evaluation.evaluator:main", "hold the key of the evaluation stages"),
    "node": ("supervision.node.cli:main", "run a supervision node"),
    "bootstrap": ("accounts.cli:bootstrap_main", "make the first manager"),
    "login": ("accounts.cli:login_main", "sign in and keep the token"),
    "key": ("accounts.cli:key_main", "make a signing key, have it certified, check the key file"),
    "packs": ("tendering.packs_cli:packs_main", "read the law packs, compare two, check a local one"),
    "fields": ("portal.fields:fields_main", "print who sees which field of a tender from when, by which law"),
    "tender": ("tendering.cli:tender_main", "create, complete, sign and publish a tender"),
    "seal": ("sealing.cli:seal_main", "seal a bid, offline"),
    "unseal": ("sealing.cli_opening:open_main", "open your own sealed bid with its rescue file, to check it"),
    "keygen": ("sealing.cli_keygen:keygen_main", "make a signing key and its request, offline"),
    "bid": ("bidding.cli:bid_main", "upload and submit a sealed bid, resume, wait for the witnessed receipt"),
    "withdraw": ("bidding.cli:withdraw_main", "withdraw a bid before the deadline"),
    "receipt": ("bidding.cli:receipt_main", "check a receipt, offline"),
    "admit": ("evaluation.cli:admit_main", "as an evaluator: declare no conflict, admit the documents stage"),
    "score": ("evaluation.cli:score_main", "sign and hand in a score sheet"),
    "report": (
        "evaluation.report.cli:main",
        "as an evaluator: read and sign the evaluation report, perhaps with a dissent",
    ),
    "award": ("evaluation.cli:award_main", "sign the award of a lot"),
    "ledger": ("escrow.cli:ledger_main", "write the ledger of deposits as beancount text"),
    "archive": ("verifier.cli:archive_main", "collect a tender's public files in one archive"),
    "verify": ("verifier.cli:verify_main", "recheck a tender from its address or archive"),
}


def usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, (_target, summary) in COMMANDS.items()]
    return "usage: kaibiao COMMAND [--help]\n\n" + "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 2 when there is no such command."""
    given = list(sys.argv[1:] if argv is None else argv)
    if not given or given[0] in {"-h", "--help"}:
        print(usage())  # noqa: T201  a command speaks on its terminal
        return 0 if given else 2
    target, _summary = COMMANDS.get(given[0], (None, None))
    if target is None:
        print(f"kaibiao: no command {given[0]!r}\n\n{usage()}", file=sys.stderr)  # noqa: T201
        return 2
    module, _, function = target.partition(":")
    return int(getattr(importlib.import_module(module), function)(given[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main())
