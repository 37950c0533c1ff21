"""Signing in, and the sessions that come of it. The token goes to its bearer once; the database keeps its hash."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import select, update

from accounts import attempts, passwords, records, rules, totp
from accounts.actor import Actor, subject_of
from accounts.directory import person_of
from accounts.models import Person, SignInSession
from accounts.roles import Role
from kernel import canonical
from kernel.db import db, transaction
from kernel.errors import Conflict, Invalid, NotFound, Refusal, Unauthenticated
from kernel.site import site

SEEN_EVERY = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Attempt:
    """What somebody offers at the door."""

    login: str
    password: str
    code: str | None = None
    address: str = ""
    user_agent: str = ""
    api: bool = False


@dataclass(frozen=True)
class Opened:
    """A new session; `token` is shown this once."""

    token: str
    session: SignInSession
    person: Person


def wrong() -> Unauthenticated:
    """The same words for an unknown name, a wrong password and a wrong code."""
    return Unauthenticated(
        "sign-in.wrong",
        "登录名、口令或动态口令不正确",
        "Sign-in name, password or one-time code is wrong",
        rule="OWASP ASVS V6",
    )


def sign_in(attempt: Attempt, now: dt.datetime) -> Opened:
    """Open a session; TooMany during back-off, Unauthenticated when anything does not match.

    Runs its own transactions: the slow hash is checked between them, and a failure stays counted though it is refused.
    """
    with transaction(write=False):
        attempts.check(attempt.login, attempt.address, now)
        known = person_of(attempt.login.strip().lower())
        stored = known.password_hash if known else None
    fitting = passwords.matches(stored, attempt.password)
    renewed = passwords.HASHER.hash(attempt.password) if fitting and stored and passwords.outdated(stored) else None
    with transaction():
        outcome = _decide(attempt, stored if fitting else None, now)
        if isinstance(outcome, Opened) and renewed is not None:
            outcome.person.password_hash = renewed
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _decide(attempt: Attempt, stored: str | None, now: dt.datetime) -> Opened | Refusal:
    person = person_of(attempt.login.strip().lower()) if stored is not None else None
    # The hash that was verified must still be the person's: a password changed meanwhile opens nothing.
    if person is None or person.password_hash != stored:
        return _failed(attempt, None, now)
    if person.totp_confirmed_at is not None and not attempt.code:
        return Unauthenticated(
            "totp.needed",
            "请输入动态口令",
            "Enter the one-time code",
            rule="OWASP ASVS V6",
            fields={"totp": "required"},
        )
    second_factor = person.totp_confirmed_at is not None
    if second_factor and not use_code(person, attempt.code or "", now):
        return _failed(attempt, person, now)
    attempts.forget(attempt.login, attempt.address)
    opened = _open(person, attempt, second_factor, now)
    records.signed_in(person.name, now, subject=subject_of(person.id))
    return opened


def _failed(attempt: Attempt, person: Person | None, now: dt.datetime) -> Refusal:
    """Count the failure; who knows the password but not the code is counted whatever the address."""
    attempts.note(attempt.login, attempt.address, now, everywhere=person is not None)
    known = person or person_of(attempt.login.strip().lower())
    records.refused("sign-in", "sign-in.wrong", now, subject=subject_of(known.id) if known else None)
    return wrong()


def use_code(person: Person, code: str, now: dt.datetime) -> bool:
    """Spend a one-time code; False when it is wrong or its step was spent (one conditional UPDATE decides a race)."""
    if person.totp_secret is None:
        return False
    step = totp.step_of(totp.unsealed(person.totp_secret, site().settings.secret_key, person.id), code, now)
    if step is None:
        return False
    unspent = (Person.id == person.id, Person.totp_step < step)
    changed = db.session.execute(update(Person).where(*unspent).values(totp_step=step))
    return changed.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def _open(person: Person, attempt: Attempt, second_factor: bool, now: dt.datetime) -> Opened:  # noqa: FBT001  a fact of the sign-in, not a switch
    token = secrets.token_urlsafe(32)
    session = SignInSession(
        public_id=secrets.token_hex(8),
        token_sha256=canonical.sha(token.encode()),
        person_id=person.id,
        api=attempt.api,
        second_factor=second_factor,
        created_at=now,
        seen_at=now,
        address=attempt.address[:64],
        user_agent=attempt.user_agent[:200],
    )
    db.session.add(session)
    db.session.flush()
    return Opened(token, session, person)


def session_of(token: str, now: dt.datetime) -> SignInSession | None:
    """The live session this token opens."""
    digest = canonical.sha(token.encode())
    found = db.session.scalar(select(SignInSession).where(SignInSession.token_sha256 == digest))
    return found if found is not None and live(found, now) else None


def worth_noting(session: SignInSession, now: dt.datetime) -> bool:
    """Whether the last note of its use is old enough for a new one."""
    return now - session.seen_at >= SEEN_EVERY


def note_seen(public_id: str, now: dt.datetime) -> None:
    """Note that a session was in use, in a short transaction of its own."""
    with transaction():
        this = (SignInSession.public_id == public_id, SignInSession.ended_at.is_(None))
        db.session.execute(update(SignInSession).where(*this).values(seen_at=now))


def live(session: SignInSession, now: dt.datetime) -> bool:
    return session.ended_at is None and rules.session_live(
        created_at=session.created_at, seen_at=session.seen_at, api=session.api, now=now
    )


def sessions(actor: Actor, now: dt.datetime) -> list[SignInSession]:
    """The actor's own live sessions, newest first."""
    found = db.session.scalars(
        select(SignInSession)
        .where(SignInSession.person_id == actor.person_id, SignInSession.ended_at.is_(None))
        .order_by(SignInSession.id.desc())
    )
    return [session for session in found if live(session, now)]


def end_session(actor: Actor, public_id: str, now: dt.datetime) -> None:
    """End one of the own sessions; NotFound for anybody else's."""
    own = (SignInSession.person_id == actor.person_id, SignInSession.ended_at.is_(None))
    changed = db.session.execute(
        update(SignInSession).where(SignInSession.public_id == public_id, *own).values(ended_at=now)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound("session.unknown", "没有此会话", "There is no such session")
    records.acted(actor, "session.ended", now)


def sign_out(actor: Actor, now: dt.datetime) -> None:
    """End the session the actor is in."""
    end_session(actor, actor.session_id, now)


def end_all(person_id: int, now: dt.datetime, *, but: str = "") -> None:
    """End every session of a person, except the one named."""
    others = (SignInSession.person_id == person_id, SignInSession.public_id != but)
    db.session.execute(update(SignInSession).where(*others, SignInSession.ended_at.is_(None)).values(ended_at=now))


def change_password(actor: Actor, password_hash: str, now: dt.datetime) -> None:
    """Set a new password, already hashed; every other session of the person ends."""
    db.session.get_one(Person, actor.person_id).password_hash = password_hash
    end_all(actor.person_id, now, but=actor.session_id)
    records.acted(actor, "password.changed", now)


def secret_of(actor: Actor) -> tuple[str, str | None]:
    """Sign-in name and stored hash, for the check of the current password."""
    person = db.session.get_one(Person, actor.person_id)
    return person.login, person.password_hash


def check_current(stored: str | None, current: str) -> None:
    """Invalid unless `current` is the stored password."""
    if not passwords.matches(stored, current):
        raise Invalid("password.wrong", "当前口令不正确", "The current password is wrong", fields={"current": "wrong"})


def enroll_totp(actor: Actor, now: dt.datetime) -> tuple[str, str]:
    """Make a new secret for the authenticator app, with the sign-in name it is for; Conflict once one is confirmed."""
    person = db.session.get_one(Person, actor.person_id)
    if person.totp_confirmed_at is not None:
        raise Conflict("totp.enrolled", "动态口令已启用", "A one-time code is enrolled already", rule="OWASP ASVS V6")
    secret = totp.new_secret()
    person.totp_secret = totp.sealed(secret, site().settings.secret_key, person.id)
    records.acted(actor, "totp.enrolled", now)
    return person.login, secret


def pending_totp(actor: Actor) -> tuple[str, str]:
    """Sign-in name and the secret not yet confirmed, to show its code again; NotFound once it is confirmed."""
    person = db.session.get_one(Person, actor.person_id)
    if person.totp_secret is None or person.totp_confirmed_at is not None:
        raise NotFound("totp.none", "没有待确认的动态口令", "No one-time code waits for confirmation")
    return person.login, totp.unsealed(person.totp_secret, site().settings.secret_key, person.id)


def confirm_totp(actor: Actor, code: str, now: dt.datetime) -> None:
    """Prove that the app shows the right codes: from here on sign-in asks for one, and this session counts as having."""
    person = db.session.get_one(Person, actor.person_id)
    if person.totp_confirmed_at is not None or not use_code(person, code, now):
        raise Conflict(
            "totp.wrong",
            "动态口令不正确，请重新输入",
            "The one-time code is wrong: try the next one",
            fields={"totp": "wrong"},
        )
    person.totp_confirmed_at = now
    own = SignInSession.public_id == actor.session_id
    db.session.execute(update(SignInSession).where(own).values(second_factor=True))
    end_all(person.id, now, but=actor.session_id)
    records.acted(actor, "totp.confirmed", now)


def reset_totp(actor: Actor, login: str, now: dt.datetime) -> None:
    """For a lost device, as MGR and after seeing the person: forget the secret and end every session."""
    actor.act_as(Role.MGR)
    person = person_of(rules.login(login))
    if person is None or person.id == actor.person_id:
        raise NotFound("person.unknown", "没有此人", "There is no such person")
    person.totp_secret = person.totp_confirmed_at = None
    end_all(person.id, now)
    records.acted(actor, "totp.reset", now)
