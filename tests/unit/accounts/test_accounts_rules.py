"""Codes, passwords, grants, sessions, back-off: the pure rules of accounts."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts import passwords, rules, totp
from accounts.actor import Actor
from accounts.roles import PLANE_OF, ROLES_OF, SECOND_FACTOR, OrgKind, Part, Plane, Role
from kernel.errors import Conflict, Forbidden, Invalid, TooMany

NOW = dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)
VECTORS = ("91350100M000100Y43", "12350100MB02709751", "91110000600037341L", "91330106673959654P", "914403001922038216")


@pytest.mark.parametrize("code", VECTORS)
def test_the_check_digit_of_a_real_code_holds(code: str) -> None:
    assert rules.uscc_ok(code)


@pytest.mark.parametrize("code", VECTORS)
@pytest.mark.parametrize("place", range(18))
def test_one_changed_character_breaks_the_check(code: str, place: int) -> None:
    other = next(letter for letter in rules.ALPHABET if letter != code[place])
    assert not rules.uscc_ok(code[:place] + other + code[place + 1 :])


def test_a_sum_that_is_a_multiple_of_31_gives_the_check_character_zero() -> None:
    # 31 - sum % 31 without the outer % 31 is the bug of a public library: index 31 does not exist.
    weights = [pow(3, place, 31) for place in range(17)]
    body = next(
        text
        for text in (f"9135010{number:010d}" for number in range(1000))
        if sum(rules.ALPHABET.index(letter) * weight for letter, weight in zip(text, weights, strict=True)) % 31 == 0
    )
    assert rules.uscc_ok(body + "0")


def test_letters_outside_the_alphabet_fail_the_check_but_not_the_form() -> None:
    code = "91350100I000100Y43"
    assert rules.uscc(code) == code
    assert not rules.uscc_ok(code)


def test_a_code_is_read_in_one_spelling() -> None:
    assert rules.uscc(" 91350100m000100y43 ") == "91350100M000100Y43"


@pytest.mark.parametrize("code", ["", "9135", "91350100M000100Y4", "91350100M000100Y433", "91350100M000100Y4é"])
def test_a_code_of_another_form_is_refused_with_its_field(code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.uscc(code)
    assert "uscc" in refusal.value.detail["fields"]


@pytest.mark.parametrize("text", ["short", "aaaaaaaaaaaaaaaa", "x" * 300, "my-name-is-wang01"])
def test_a_weak_password_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        rules.password(text, "wang01")


def test_a_long_sentence_is_a_good_password() -> None:
    assert rules.password("清江东路 改造工程 一标段 2026") == "清江东路 改造工程 一标段 2026"


def test_every_role_has_a_plane_and_an_organization_that_can_hold_it() -> None:
    assert set(PLANE_OF) == set(Role)
    assert set(ROLES_OF) == set(OrgKind)
    assert frozenset().union(*ROLES_OF.values()) == frozenset(Role)


@pytest.mark.parametrize("kind", [OrgKind.CENTRE, OrgKind.SUPERVISOR, OrgKind.MANAGER, OrgKind.EXPERT_POOL])
def test_bodies_of_the_state_do_not_register_themselves(kind: OrgKind) -> None:
    with pytest.raises(Forbidden):
        rules.check_registration(kind, by_manager=False)
    rules.check_registration(kind, by_manager=True)


@pytest.mark.parametrize("kind", OrgKind)
@pytest.mark.parametrize("role", Role)
def test_an_organization_gives_only_the_roles_of_its_kind(kind: OrgKind, role: Role) -> None:
    if role in ROLES_OF[kind]:
        rules.check_grant(kind, frozenset(), None, role)
    else:
        with pytest.raises(Forbidden):
            rules.check_grant(kind, frozenset(), None, role)


def test_a_role_held_is_not_granted_twice() -> None:
    with pytest.raises(Conflict):
        rules.check_grant(OrgKind.CENTRE, {Role.OPS}, Plane.EXECUTE, Role.OPS)


def test_finance_does_not_run_openings() -> None:
    with pytest.raises(Forbidden) as refusal:
        rules.check_grant(OrgKind.CENTRE, {Role.FIN}, Plane.EXECUTE, Role.OPS)
    assert refusal.value.rule == "rules.md 5.1"


def test_the_back_off_doubles_and_ends_at_a_quarter_of_an_hour() -> None:
    waits = [rules.wait_after(failures) for failures in range(20)]
    assert waits[:8] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert waits[-1] == 900


def test_who_failed_too_often_waits_and_is_told_how_long() -> None:
    with pytest.raises(TooMany) as refusal:
        rules.check_backoff(8, NOW - dt.timedelta(seconds=1), NOW)
    assert refusal.value.detail["retry_after"] == 15
    rules.check_backoff(8, NOW - dt.timedelta(seconds=16), NOW)
    rules.check_backoff(50, NOW - dt.timedelta(hours=2), NOW)


@pytest.mark.parametrize(
    ("age", "idle", "api", "alive"),
    [
        (dt.timedelta(hours=1), dt.timedelta(hours=1), False, True),
        (dt.timedelta(hours=3), dt.timedelta(hours=2), False, False),
        (dt.timedelta(hours=12), dt.timedelta(0), False, False),
        (dt.timedelta(days=6), dt.timedelta(days=6), True, True),
        (dt.timedelta(days=7), dt.timedelta(0), True, False),
    ],
)
def test_a_session_ends_when_idle_and_after_its_day(
    age: dt.timedelta, idle: dt.timedelta, api: bool, alive: bool
) -> None:
    assert rules.session_live(created_at=NOW - age, seen_at=NOW - idle, api=api, now=NOW) is alive


@pytest.mark.parametrize(
    "members",
    [[VECTORS[0]], [VECTORS[0], VECTORS[0]], [VECTORS[1], VECTORS[2]]],
    ids=["alone", "twice", "without its lead"],
)
def test_a_consortium_is_two_or_more_with_its_lead_among_them(members: list[str]) -> None:
    with pytest.raises(Invalid):
        rules.check_consortium(VECTORS[0], members, "0" * 64)
    with pytest.raises(Invalid):
        rules.check_consortium(VECTORS[0], VECTORS[:2], "not a hash")
    rules.check_consortium(VECTORS[0], VECTORS[:2], "0" * 64)


def test_the_consortium_statement_does_not_depend_on_the_order_of_members() -> None:
    first = rules.consortium_statement("c1", VECTORS[0], VECTORS[:3], "0" * 64)
    assert first == rules.consortium_statement("c1", VECTORS[0], VECTORS[2::-1], "0" * 64)


def test_a_one_time_code_is_good_one_step_either_way() -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    import pyotp

    code = pyotp.TOTP(secret).at(NOW)
    step = int(NOW.timestamp()) // 30
    assert totp.step_of(secret, code, NOW) == step
    assert totp.step_of(secret, code, NOW + dt.timedelta(seconds=30)) == step
    assert totp.step_of(secret, code, NOW - dt.timedelta(seconds=30)) == step
    assert totp.step_of(secret, code, NOW + dt.timedelta(seconds=61)) is None
    assert totp.step_of(secret, "abc", NOW) is None


def test_the_codes_of_rfc_6238_come_out() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for second, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert totp.step_of(secret, code, dt.datetime.fromtimestamp(second, dt.UTC)) == second // 30


def test_a_stored_secret_opens_only_for_its_person_and_site() -> None:
    stored = totp.sealed("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "site", 7)
    assert totp.unsealed(stored, "site", 7) == "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    for key, person in (("other", 7), ("site", 8)):
        with pytest.raises(ValueError, match="another secret key"):
            totp.unsealed(stored, key, person)


def test_argon2_verifies_and_tells_an_outdated_hash() -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a long enough one")
    assert passwords.matches(weak, "a long enough one")
    assert passwords.outdated(weak)
    assert not passwords.outdated(passwords.hashed("a long enough one"))
    assert not passwords.matches(weak, "another")
    assert not passwords.matches(None, "a long enough one")
    assert not passwords.matches("not a hash", "a long enough one")
    assert not passwords.matches(weak, "x" * 100_000)


def _actor(*roles: Role, second_factor: bool = True) -> Actor:
    return Actor(
        1, "王一", 1, "某公司", VECTORS[0], frozenset(roles), frozenset({Part.PREPARE}), second_factor=second_factor
    )


@pytest.mark.parametrize("role", Role)
def test_a_role_acts_only_when_held_and_with_its_second_factor(role: Role) -> None:
    _actor(role).act_as(role)
    with pytest.raises(Forbidden) as lacking:
        _actor().act_as(role)
    assert lacking.value.code == "role.lacking"
    if role in SECOND_FACTOR:
        with pytest.raises(Forbidden) as code:
            _actor(role, second_factor=False).act_as(role)
        assert code.value.code == "totp.required"
    else:
        _actor(role, second_factor=False).act_as(role)


def test_a_part_not_given_is_refused() -> None:
    _actor().take_part(Part.PREPARE)
    with pytest.raises(Forbidden):
        _actor().take_part(Part.SIGN)
