"""What sign.js adds to a form: the statements that were shown, a signature of each, and the certificate of the key.

`unsigned` is refused wherever something is missing or cannot be read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from flask import request

from kernel import canonical, clock, keys
from kernel.statements import Signed
from tendering import statements


def one() -> Signed:
    """The one statement of the form."""
    try:
        return Signed(keys.unb64(request.form["statement"]), keys.unb64(request.form["signature"]))
    except (KeyError, ValueError) as error:
        raise statements.unsigned() from error


def every() -> list[Signed]:
    """All statements of the form, in its order; there may be none."""
    given = zip(request.form.getlist("statement"), request.form.getlist("signature"), strict=False)
    try:
        return [Signed(keys.unb64(statement), keys.unb64(sig)) for statement, sig in given]
    except ValueError as error:
        raise statements.unsigned() from error


def by_hash(signed: Sequence[Signed]) -> dict[str, str]:
    """Signature by its statement's SHA-256, as services compare them with what was to be signed."""
    return {canonical.sha(one.raw): keys.b64(one.sig) for one in signed}


def certificate() -> bytes:
    """DER of the certificate; empty where the form brought none."""
    try:
        return keys.unb64(request.form.get("cert", ""))
    except ValueError as error:
        raise statements.unsigned() from error


def closes_at(signed: Sequence[Signed]) -> dt.datetime | None:
    """The deadline in the timetable that was signed, whatever the form's field says by now; None without a timetable."""
    try:
        said = [canonical.decode(one.raw) for one in signed]
        moments = [clock.parse_rfc3339(one["closes_at"]) for one in said if one["type"] == statements.TIMETABLE]
    except (ValueError, KeyError, TypeError) as error:
        raise statements.unsigned() from error
    return next(iter(moments), None)
