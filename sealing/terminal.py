"""What the offline commands have in common: a passphrase asked for, a result said, a fault told in a sentence.

Passphrases come from KAIBIAO_PASSPHRASE and KAIBIAO_RESCUE_PASSPHRASE or from a prompt, never from an argument,
which other users of the machine could read.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable

from sealing import bid, wire

DONE, REFUSED, WRONG = 0, 1, 2
PASSPHRASE, RESCUE_PASSPHRASE = "KAIBIAO_PASSPHRASE", "KAIBIAO_RESCUE_PASSPHRASE"


def reported(command: str, work: Callable[[], None]) -> int:
    """Run `work`; what people can mend is said in a sentence, not in a traceback."""
    try:
        work()
    except bid.SealingError as error:
        for fault in error.faults:
            complain(f"{command}: {fault.zh} / {fault.en}")
        return REFUSED
    except (OSError, ValueError, EOFError) as error:
        complain(f"{command}: {error}")
        return WRONG
    return DONE


def secret(variable: str, prompt: str) -> str:
    passphrase = os.environ.get(variable) or getpass.getpass(prompt)
    if not passphrase:
        raise wire.WireError(f"口令不能为空 / the passphrase is empty ({variable})")
    return passphrase


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    sys.stderr.write(text + "\n")
