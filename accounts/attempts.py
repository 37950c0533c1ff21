"""Failed sign-ins and the back-off after them, counted in the database so that every web process knows.

Counted three ways: a name from an address (guessing), an address over all names (spraying), and, once the password
was right but the code wrong, the name over all addresses. A stranger who fails with somebody's name elsewhere
therefore never locks that person out on the day of a deadline.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, case, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from accounts import rules
from accounts.models import SignInFailure
from kernel.db import db


def check(login: str, address: str, now: dt.datetime) -> None:
    """TooMany while one of the counters bars this name or this address."""
    for row in db.session.scalars(select(SignInFailure).where(_concerning(login, address))):
        spraying = row.login == ""
        if not spraying:
            rules.check_backoff(row.failures, row.last_at, now)
        elif row.failures >= rules.ADDRESS_ATTEMPTS:
            rules.check_backoff(row.failures - rules.ADDRESS_ATTEMPTS + rules.FREE_ATTEMPTS + 6, row.last_at, now)


def note(login: str, address: str, now: dt.datetime, *, everywhere: bool) -> None:
    """Count one failure."""
    _count(_key(login), address, now)
    _count("", address, now)
    if everywhere:
        _count(_key(login), "", now)


def forget(login: str, address: str) -> None:
    """After a success the name starts afresh; what the address did to other names stays counted."""
    mine = (SignInFailure.login == _key(login), SignInFailure.address.in_(["", address]))
    db.session.execute(delete(SignInFailure).where(*mine))


def _count(login: str, address: str, now: dt.datetime) -> None:
    if not login and not address:
        return
    if _raised(login, address, now):
        return
    try:
        with db.session.begin_nested():
            db.session.add(SignInFailure(login=login, address=address, failures=1, last_at=now))
    except IntegrityError:  # another process counted the first one just now
        _raised(login, address, now)


def _raised(login: str, address: str, now: dt.datetime) -> bool:
    """Add one in one statement, or start afresh after a quiet hour; False when nothing is counted yet."""
    recent = SignInFailure.last_at >= now - rules.FORGOTTEN_AFTER
    here = (SignInFailure.login == login, SignInFailure.address == address)
    counted = case((recent, SignInFailure.failures + 1), else_=1)
    changed = db.session.execute(update(SignInFailure).where(*here).values(failures=counted, last_at=now))
    return changed.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def _concerning(login: str, address: str) -> ColumnElement[bool]:
    row, name = SignInFailure, _key(login)
    return or_((row.login == name) & row.address.in_(["", address]), (row.login == "") & (row.address == address))


def _key(login: str) -> str:
    return login.strip().lower()[:64]
