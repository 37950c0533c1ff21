"""The closed sets of this slice; values stand in the database and on the wire and are never reused."""

from __future__ import annotations

from enum import StrEnum


class UploadState(StrEnum):
    """`open` takes bytes, `done` is whole and hashed, `taken` belongs to a bid and lives as long as it."""

    OPEN = "open"
    DONE = "done"
    TAKEN = "taken"


class BidStatus(StrEnum):
    """Status of a bid on the roll (sealing.md 1.4); `void` by a new keyset version."""

    LIVE = "live"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class ReceiptState(StrEnum):
    """How far a receipt has come: signed by the platform, in the log, cosigned by a quorum and acknowledged."""

    RECEIVED = "received"
    INTEGRATED = "integrated"
    WITNESSED = "witnessed"


class Answered(StrEnum):
    """What a trustee says about its lines of a manifest."""

    ACK = "ack"
    REFUSAL = "refusal"


class OpeningStep(StrEnum):
    """The steps of an opening in their order; the values are those of the live board.

    `rescue` is entered only by the supervising authority's `rescue.started` (sealing.md 1.7), a later issue's.
    """

    SEALED = "sealed"
    CLOSED = "closed"
    RELEASED = "released"
    UNSEALING = "unsealing"
    READOUT = "readout"
    CONFIRMING = "confirming"
    RECORD = "record"
    RESCUE = "rescue"


class Outcome(StrEnum):
    """How an envelope's opening ended; all but `opened` name who is at fault (sealing.md 1.7)."""

    OPENED = "opened"
    SET_ASIDE = "set_aside"
    BIDDER = "bidder"
    PLATFORM = "platform"
    TRUSTEE = "trustee"
    RESCUED = "rescued"
