"""`kaibiao reserve`: the commitment to a base or reserve price, made where nobody else sees the amount."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence

from kernel import money
from tendering.offers.reserve import commitment


def main(argv: Sequence[str]) -> int:
    """Print the commitment for the notice, and the nonce that is kept secret with the amount until the reserve is opened."""
    parser = argparse.ArgumentParser(prog="kaibiao reserve", description=main.__doc__)
    parser.add_argument("amount", help="yuan with two decimals, like 60000000.00")
    try:
        amount = money.parse(parser.parse_args(argv).amount)
    except ValueError as error:
        parser.error(str(error))
    nonce = secrets.token_hex(32)
    sys.stdout.write(f"承诺 commitment  {commitment(amount, nonce)}\n随机数 nonce     {nonce}\n")
    return 0
