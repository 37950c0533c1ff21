"""Tickets to a bid's documents: the portal signs that somebody may open this bid's room within the next minute."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from dataclasses import asdict, dataclass
from typing import Self

from kernel import canonical, clock, keys
from kernel.errors import Forbidden

TYPE = "kaibiao-ticket/1"
LIFETIME = dt.timedelta(seconds=60)


@dataclass(frozen=True)
class Ticket:
    """Which room, for whom (the seat's alias), until when."""

    lot: str
    bid_id: str
    seat: str
    ends_at: str

    @classmethod
    def issue(cls, lot: str, bid_id: str, seat: str, now: dt.datetime) -> Self:
        return cls(lot, bid_id, seat, clock.rfc3339(now + LIFETIME))

    def signed(self, key: keys.PrivateKey) -> str:
        """For an address: `<content>.<signature>`, both base64url without padding."""
        raw = canonical.encode({"type": TYPE, **asdict(self)})
        return f"{_url(raw)}.{_url(keys.sign(raw, key))}"


def check(text: str, key: keys.PublicKey, now: dt.datetime) -> Ticket:
    """The ticket, if the portal signed it and it has not ended; Forbidden otherwise."""
    try:
        first, _, second = text.partition(".")
        raw, signature = _raw(first), _raw(second)
        value = canonical.decode(raw)
        ticket = Ticket(value["lot"], value["bid_id"], value["seat"], value["ends_at"])
        alive = value["type"] == TYPE and now <= clock.parse_rfc3339(ticket.ends_at)
        good = keys.verified(signature, raw, key)
    except (ValueError, TypeError, KeyError) as error:
        raise _refused() from error
    if not (alive and good):
        raise _refused()
    return ticket


def _refused() -> Forbidden:
    return Forbidden(
        "ticket.invalid", "链接已过期，请回到评审页面重新打开", "The link has ended: open it again from the room"
    )


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _raw(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
