"""`kaibiao ledger export`: the ledger as beancount text, for checking it with a program that is not ours."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from accounts.cli import installation
from escrow import beancount
from kernel import clock
from kernel.db import transaction


def ledger_main(argv: Sequence[str]) -> int:
    """Write every entry of the ledger and each account's balance to the terminal."""
    parser = argparse.ArgumentParser(prog="kaibiao ledger", description=ledger_main.__doc__)
    parser.add_argument("act", choices=["export"])
    parser.parse_args(argv)
    with installation(), transaction(write=False):
        for line in beancount.export(clock.wall()):
            sys.stdout.write(f"{line}\n")
    return 0
