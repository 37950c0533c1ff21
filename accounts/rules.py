"""Decisions on accounts, pure: codes, passwords, grants, sessions, back-off, consortia."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from accounts.roles import ROLES_OF, SELF_REGISTERED, OrgKind, Part, Plane, Role, clash
from kernel import canonical
from kernel.errors import Conflict, Forbidden, Invalid, TooMany

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = [pow(3, place, 31) for place in range(17)]
_CODE = re.compile(r"[0-9A-Z]{18}")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{2,63}")
_SHA = re.compile(r"[0-9a-f]{64}")

MIN_PASSWORD = 10
MAX_PASSWORD = 256
SESSION_LIFE = dt.timedelta(hours=12)
SESSION_IDLE = dt.timedelta(hours=2)
API_LIFE = dt.timedelta(days=7)
INVITATION_LIFE = dt.timedelta(days=3)
FREE_ATTEMPTS = 4
LONGEST_WAIT = 900
ADDRESS_ATTEMPTS = 60
FORGOTTEN_AFTER = dt.timedelta(hours=1)


def uscc(text: str) -> str:
    """The code in its one spelling: 18 capitals and digits; Invalid otherwise."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise Invalid(
            "uscc.form",
            "统一社会信用代码为 18 位数字或大写字母",
            "A unified social credit code is 18 digits or capitals",
            rule="GB 32100-2015",
            fields={"uscc": "18"},
        )
    return code


def uscc_ok(code: str) -> bool:
    """Whether the check character of GB 32100-2015 holds.

    Lawful codes of the early pilot regions fail it, so a failure warns and never blocks (rules.md 4.2).
    """
    if len(code) != 18 or any(letter not in ALPHABET for letter in code):
        return False
    total = sum(ALPHABET.index(letter) * weight for letter, weight in zip(code, _WEIGHTS, strict=False))
    return ALPHABET[(31 - total % 31) % 31] == code[17]


def login(text: str) -> str:
    """The sign-in name in its one spelling; Invalid otherwise."""
    name = text.strip().lower()
    if not _LOGIN.fullmatch(name):
        raise Invalid(
            "login.form",
            "登录名为 3 至 64 位小写字母、数字或 . _ @ -",
            "A sign-in name is 3 to 64 lower-case letters, digits or . _ @ -",
            fields={"login": "form"},
        )
    return name


def password(text: str, *personal: str) -> str:
    """The same password if it may be used; length is what counts (OWASP ASVS 6.2), composition is free."""
    if not MIN_PASSWORD <= len(text) <= MAX_PASSWORD:
        raise _bad_password(
            f"口令须为 {MIN_PASSWORD} 至 {MAX_PASSWORD} 个字符",
            f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters",
        )
    if len(set(text)) < 5:
        raise _bad_password("口令太单一", "The password repeats too few characters")
    if any(word and word.lower() in text.lower() for word in personal):
        raise _bad_password("口令不得包含登录名", "The password must not hold the sign-in name")
    return text


def _bad_password(zh: str, en: str) -> Invalid:
    return Invalid("password.weak", zh, en, rule="OWASP ASVS V6", fields={"password": "weak"})


def name(text: str, field: str = "name") -> str:
    """A name for people to read: 2 to 120 characters on one line, no control characters; Invalid otherwise."""
    found = " ".join(text.split())
    if not 2 <= len(found) <= 120 or not found.isprintable():
        raise Invalid("name.form", "名称为 2 至 120 个字符", "A name has 2 to 120 characters", fields={field: "form"})
    return found


def check_registration(kind: OrgKind, *, by_manager: bool) -> None:
    """Bodies of the centre, the supervisors and the experts come in by the management office alone."""
    if kind not in SELF_REGISTERED and not by_manager:
        raise Forbidden(
            "organization.kind",
            "此类单位由交易管理办公室登记",
            "Organizations of this kind are admitted by the management office",
            rule="rules.md 5.1",
        )


def check_grant(kind: OrgKind, held: Collection[Role], plane: Plane | None, wanted: Role) -> None:
    """Refuse a role that the organization cannot give, or that the person's other roles exclude (rules.md 5.1)."""
    if wanted not in ROLES_OF[kind]:
        raise Forbidden(
            "grant.organization",
            "该单位的人员不能担任此角色",
            "People of this organization cannot hold that role",
            rule="rules.md 5.1",
            role=str(wanted),
        )
    if wanted in held:
        raise Conflict("grant.held", "该人员已有此角色", "The person already holds this role", role=str(wanted))
    barred = clash(held, wanted)
    if barred is not None:
        raise Forbidden(
            "grant.excluded",
            f"一人不得兼任：已任 {barred}，不能再任 {wanted}",
            f"One person cannot be both: {barred} excludes {wanted}",
            rule="rules.md 5.1",
            held=str(barred),
            role=str(wanted),
            plane=str(plane) if plane else None,
        )


def check_expertise(given: Mapping[str, Any]) -> None:
    """An expert's admission names field, whole years of work in it, and the senior title or what equals it (C37)."""
    blank = [name for name in ("field", "title") if not str(given.get(name) or "").strip()]
    if blank or not isinstance(given.get("years"), int) or not 0 <= given["years"] <= 80:
        raise Invalid(
            "expert.expertise",
            "聘任评标专家须登记专业、从业年限和高级职称（或者同等专业水平）。",
            "An expert is admitted with field, years of work in it, and a senior title or its equal.",
            rule="《招标投标法》第三十七条",
            fields=dict.fromkeys(blank or ["years"], "required"),
        )


def parts(given: Collection[str]) -> frozenset[Part]:
    """The parts named, at least one; Invalid on an unknown one."""
    try:
        found = frozenset(Part(item) for item in given)
    except ValueError as error:
        raise Invalid("part.unknown", "没有这种分工", "There is no such part", fields={"parts": "unknown"}) from error
    if not found:
        raise Invalid("part.none", "至少给一项分工", "Give at least one part", fields={"parts": "required"})
    return found


def wait_after(failures: int) -> int:
    """Seconds to wait after so many failures in a row: none for the first few, then doubling to a quarter hour."""
    over = failures - FREE_ATTEMPTS
    return 0 if over < 0 else min(2**over, LONGEST_WAIT)


def check_backoff(failures: int, last_at: dt.datetime | None, now: dt.datetime) -> None:
    """TooMany while the wait after the last failure has not passed."""
    if last_at is None or now - last_at > FORGOTTEN_AFTER:
        return
    left = (last_at + dt.timedelta(seconds=wait_after(failures)) - now).total_seconds()
    if left > 0:
        raise too_many(math.ceil(left))


def too_many(seconds: int) -> TooMany:
    return TooMany(
        "sign-in.wait",
        f"尝试次数过多，请 {seconds} 秒后再试",
        f"Too many attempts: try again in {seconds} seconds",
        rule="OWASP ASVS V6",
        retry_after=seconds,
    )


def session_live(*, created_at: dt.datetime, seen_at: dt.datetime, api: bool, now: dt.datetime) -> bool:
    """Whether a session not ended by hand still stands: a browser's ends when idle or after a working day."""
    if api:
        return now - created_at < API_LIFE
    return now - created_at < SESSION_LIFE and now - seen_at < SESSION_IDLE


def check_consortium(lead: str, members: Sequence[str], agreement_sha256: str) -> None:
    """Invalid unless two or more distinct organizations, the lead among them, rest on one agreement."""
    fields: dict[str, Any] = {}
    if len(members) < 2 or len(set(members)) != len(members):
        fields["members"] = "two or more, each once"
    elif lead not in members:
        fields["members"] = "the lead is a member"
    if not _SHA.fullmatch(agreement_sha256):
        fields["agreement_sha256"] = "hex sha-256"
    if fields:
        raise Invalid(
            "consortium.form",
            "联合体须有两个以上不同单位（含牵头人）和一份共同投标协议",
            "A consortium is two or more organizations, the lead among them, and one agreement",
            rule="《招标投标法》第三十一条",
            fields=fields,
        )


def consortium_statement(code: str, lead: str, members: Sequence[str], agreement_sha256: str) -> bytes:
    """What every member confirms: the exact bytes whose hash stands in the record."""
    return canonical.encode(
        {
            "type": "kaibiao-consortium/1",
            "consortium": code,
            "lead": lead,
            "members": sorted(members),
            "agreement_sha256": agreement_sha256,
        }
    )
