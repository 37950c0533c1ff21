"""The committee's word that the evaluation stage may be opened, and who still owes it (sealing.md 1.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bidding import releases, stages
from evaluation import reading
from evaluation.models import Seat
from kernel import canonical, keys
from supervision.parts import Signing
from tendering.models import Lot


def statement(lot: Lot) -> bytes:
    """The bytes every member signs: the same for all of them."""
    return canonical.encode(stages.content(lot.code, reading.stage(lot).name))


def admit(lot: Lot, committee: Sequence[Seat], now: dt.datetime) -> None:
    """Log `stage.admitted` with the signatures of the whole committee."""
    signatures = [
        Signing(by=seat.alias, file=keys.b64(seat.admitted_file), sig=seat.admitted_sig)
        for seat in committee
        if seat.admitted_file is not None and seat.admitted_sig is not None
    ]
    stages.admit_stage(lot.code, reading.stage(lot).name, signatures, now)


def admitted(lot: Lot) -> tuple[str, ...]:
    """The bids whose documents are to be opened; none before the committee has signed."""
    found = releases.admission(lot.code, reading.stage(lot).name)
    return tuple(found.bids) if found else ()


def unopened(lot: Lot) -> list[str]:
    """Admitted bids of which the evaluator has not reported yet."""
    reported = reading.documents(lot.code)
    return [bid_id for bid_id in admitted(lot) if bid_id not in reported]
