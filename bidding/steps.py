"""What the worker does for bidding, many times a second. Each step does one thing and says whether it did.

All of them look in the database for what is undone; called twice they do nothing twice, and after a kill the same
call goes on where the last commit stands (the modules say what each commit leaves behind).
"""

from __future__ import annotations

from datetime import datetime

from bidding import clearing, closing, opening, readout, record, unsealing, uploads


def step_uploads(now: datetime) -> bool:
    """Sweep expired uploads, and hash those that were whole when their writer died."""
    return uploads.sweep(now) or uploads.finish_left(now)


def step_close(now: datetime) -> bool:
    """Flip what is due, log rolls whose cut is there and correct them, log closes, make rolls final."""
    flipped = [closing.flip_due(now), closing.log_rolls(now), closing.correct_rolls(now)]
    done = [*flipped, closing.log_closes(now), closing.settle(now)]
    return any(done)


def step_open(now: datetime) -> bool:
    """Begin openings, go on when t have released, unseal one envelope."""
    if not opening.under_way():
        return False
    done = [opening.begin_due(now), opening.take_releases(now), unsealing.unseal_next(now)]
    return any(done)


def step_read_out(now: datetime) -> bool:
    """Log and tell the next line."""
    return opening.under_way() and readout.read_next(now)


def step_clear(now: datetime) -> bool:
    """Clear bids that were set aside: admit them when closes came late, open them, read them out, renew the record."""
    if not clearing.is_waiting():
        return False
    done = [
        clearing.judge_next(now),
        clearing.admit_later(now),
        clearing.open_next(now),
        readout.read_late(now),
        record.renew_due(now),
    ]
    return any(done)


def step_record(now: datetime) -> bool:
    """End openings whose window is over: sign the record, disclose, publish."""
    return opening.under_way() and record.end_due(now)


STEPS = (step_uploads, step_close, step_open, step_read_out, step_clear, step_record)
"""For the worker, in this order."""
