"""Accounts over the database: people, grants, sessions, codes, certificates, consortia."""

from __future__ import annotations

import datetime as dt
import threading

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from accounts import authority, certificates, consortia, countersigning, directory, grants, people, sessions
from accounts.models import Person, RoleGrant, SignInFailure, SignInSession
from accounts.passwords import hashed
from accounts.people import NewPerson, Registration
from accounts.roles import OrgKind, Part, Role
from kernel import clock, keys
from kernel.db import db, transaction
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from kernel.site import site
from kernel.statements import Signed
from sealing import certificates as chains
from supervision import log
from tests.accounts_stage import (
    CODES,
    NOW,
    PASSWORD,
    STORED,
    accounts_stage,
    actor,
    attempt,
    certified,
    enrolled,
    enter,
    possession,
)

SECOND = dt.timedelta(seconds=1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stage(request, tmp_path):
    with accounts_stage(tmp_path, request.param), clock.at(NOW):
        yield


def registration(login="wang", uscc=CODES[OrgKind.BIDDER], kind=OrgKind.BIDDER):
    return Registration(uscc, "清河宏图建设有限公司", kind, "王一", login, STORED)


def test_a_bidder_registers_itself_and_may_bid_at_once(stage):
    with transaction():
        done = people.register_organization(registration(), None, NOW)
        assert done.invitation is None
        assert done.warnings == []
    with transaction(write=False):
        who = actor("wang")
        assert who.roles == {Role.BIDDER}
        assert who.parts == frozenset(Part)
        assert [row.kind for row in log.find("acted")] == ["acted"]


def test_a_wrong_check_digit_warns_and_does_not_block(stage):
    with transaction():
        done = people.register_organization(registration(uscc="91350100M000100Y40"), None, NOW)
        assert not done.organization.uscc_ok
        assert "licence" in done.warnings[0].en


def test_an_owner_registers_itself_but_holds_no_role_before_the_office_grants_it(stage):
    enter("office", Role.MGR, OrgKind.MANAGER)
    with transaction():
        people.register_organization(registration(kind=OrgKind.OWNER), None, NOW)
        assert actor("wang").roles == frozenset()
    with transaction():
        grants.grant_role(actor("office"), "wang", Role.OWNER, NOW)
    with transaction(write=False):
        assert actor("wang").roles == {Role.OWNER}


def test_a_registered_code_or_sign_in_name_is_taken(stage):
    with transaction():
        people.register_organization(registration(), None, NOW)
    with pytest.raises(Conflict) as code, transaction():
        people.register_organization(registration("other"), None, NOW)
    assert code.value.code == "uscc.taken"
    with pytest.raises(Conflict) as login, transaction():
        people.register_organization(registration(uscc=CODES[OrgKind.CENTRE]), None, NOW)
    assert login.value.code == "login.taken"


def test_a_company_may_stand_as_owner_and_as_bidder_with_other_people(stage):
    with transaction():
        people.register_organization(registration("buyer", kind=OrgKind.OWNER), None, NOW)
        people.register_organization(registration("seller"), None, NOW)
    with transaction(write=False):
        assert directory.organization_of(CODES[OrgKind.BIDDER], OrgKind.OWNER).id != actor("seller").organization_id


def test_only_the_office_admits_a_supervisor_and_its_person_comes_by_invitation(stage):
    enter("office", Role.MGR, OrgKind.MANAGER)
    body = Registration(CODES[OrgKind.SUPERVISOR], "住建局", OrgKind.SUPERVISOR, "李监", "liu")
    with pytest.raises(Forbidden), transaction():
        people.register_organization(body, None, NOW)
    with transaction():
        done = people.register_organization(body, actor("office"), NOW)
        assert done.person.password_hash is None
        code = done.invitation
    with transaction():
        people.accept_invitation(code, "liu", STORED, NOW)
    sessions.sign_in(attempt("liu"), NOW)


@pytest.mark.parametrize("case", ["used", "over", "another's"])
def test_an_invitation_opens_once_in_time_and_for_its_person(stage, case):
    enter("chen", None, OrgKind.BIDDER)
    with transaction():
        _, code = people.register_person(actor("chen"), NewPerson("赵二", "zhao", ["prepare"]), NOW)
    login, when = "zhao", NOW
    if case == "used":
        with transaction():
            people.accept_invitation(code, "zhao", STORED, NOW)
    if case == "over":
        when = NOW + dt.timedelta(days=3, seconds=1)
    if case == "another's":
        login = "chen"
    with pytest.raises(NotFound), transaction():
        people.accept_invitation(code, login, STORED, when)


def test_who_only_prepares_neither_invites_nor_certifies_a_key(stage):
    enter("chen", None, OrgKind.BIDDER)
    with transaction():
        people.register_person(actor("chen"), NewPerson("赵二", "zhao", ["prepare"]), NOW)
    with pytest.raises(Forbidden), transaction():
        people.register_person(actor("zhao"), NewPerson("孙三", "sun", ["prepare"]), NOW)
    with pytest.raises(Forbidden), transaction():
        issued("zhao", keys.generate())


def test_parts_change_at_once_but_nobody_changes_the_own(stage):
    enter("chen", None, OrgKind.BIDDER)
    enter("zhao", None, OrgKind.BIDDER)
    enter("stranger", None, OrgKind.OWNER)
    with transaction():
        people.set_parts(actor("chen"), "zhao", ["pay"], NOW)
    with transaction(write=False):
        assert actor("zhao").parts == {Part.PAY}
    with pytest.raises(Forbidden), transaction():
        people.set_parts(actor("chen"), "chen", ["pay"], NOW)
    with pytest.raises(NotFound), transaction():
        people.set_parts(actor("chen"), "stranger", ["pay"], NOW)
    with pytest.raises(Invalid), transaction():
        people.set_parts(actor("chen"), "zhao", [], NOW)


# Roles ---------------------------------------------------------------------------------------------------------------


def test_only_the_office_grants_with_its_code_and_never_to_itself(stage):
    enter("office", Role.MGR, OrgKind.MANAGER)
    enter("ops", None, OrgKind.CENTRE)
    with pytest.raises(Forbidden), transaction():
        grants.grant_role(actor("ops"), "ops", Role.OPS, NOW)
    with pytest.raises(Forbidden) as code, transaction():
        grants.grant_role(actor("office", second_factor=False), "ops", Role.OPS, NOW)
    assert code.value.code == "totp.required"
    with pytest.raises(Forbidden) as own, transaction():
        grants.grant_role(actor("office"), "office", Role.MGR, NOW)
    assert own.value.code == "grant.self"
    with pytest.raises(NotFound), transaction():
        grants.grant_role(actor("office"), "nobody", Role.OPS, NOW)


def test_c37_an_expert_is_admitted_with_field_years_and_title(stage):
    enter("office", Role.MGR, OrgKind.MANAGER)
    enter("jia", None, OrgKind.EXPERT_POOL)
    for expertise, wrong in (
        (None, "field"), (grants.Expertise("市政工程", 12, " "), "title"), (grants.Expertise("市政工程", -1, "高级工程师"), "years"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as found, transaction():
            grants.grant_role(actor("office"), "jia", Role.EXPERT, NOW, expertise)
        assert (found.value.code, next(iter(found.value.detail["fields"]))) == ("expert.expertise", wrong)
    with transaction():
        grant = grants.grant_role(
            actor("office"), "jia", Role.EXPERT, NOW, grants.Expertise("市政工程", 12, "高级工程师")
        )
        assert grant.expertise == {"field": "市政工程", "years": 12, "title": "高级工程师"}


def test_a_role_taken_back_is_gone_at_once_and_frees_the_plane(stage):
    enter("office", Role.MGR, OrgKind.MANAGER)
    enter("fin", Role.FIN, OrgKind.CENTRE)
    with pytest.raises(Forbidden) as barred, transaction():
        grants.grant_role(actor("office"), "fin", Role.OPS, NOW)
    assert barred.value.code == "grant.excluded"
    with transaction():
        grants.end_grant(actor("office"), "fin", Role.FIN, NOW)
        assert actor("fin").roles == frozenset()
    with transaction():
        grants.grant_role(actor("office"), "fin", Role.OPS, NOW)
    with pytest.raises(NotFound), transaction():
        grants.end_grant(actor("office"), "fin", Role.FIN, NOW)


@pytest.mark.parametrize(
    ("role", "plane"), [("BIDDER", "participant"), ("OPS", "execute")], ids=["a second plane", "a role twice"]
)
def test_the_database_itself_refuses(stage, role, plane):
    enter("ops", Role.OPS, OrgKind.CENTRE)
    with transaction(write=False):
        who = actor("ops")
    row = RoleGrant(
        person_id=who.person_id, organization_id=who.organization_id, role=role, live_plane=plane, granted_at=NOW
    )
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(row)


# Signing in ----------------------------------------------------------------------------------------------------------


def test_signing_in_opens_a_session_and_is_a_sealed_fact(stage):
    enter("wang", None, OrgKind.BIDDER)
    opened = sessions.sign_in(attempt(" WANG "), NOW)
    with transaction(write=False):
        assert sessions.session_of(opened.token, NOW).person_id == actor("wang").person_id
        assert sessions.session_of("another", NOW) is None
        stored = db.session.scalars(select(SignInSession)).one()
        assert opened.token not in (stored.token_sha256, stored.public_id)
        [fact] = log.find("signed.in")
        assert fact.salt is not None


@pytest.mark.parametrize("login", ["wang", "nobody"])
def test_a_wrong_password_and_an_unknown_name_read_alike_and_are_recorded(stage, login):
    enter("wang", None, OrgKind.BIDDER)
    with pytest.raises(Unauthenticated) as refusal:
        sessions.sign_in(attempt(login, "not the password"), NOW)
    assert refusal.value.code == "sign-in.wrong"
    with transaction(write=False):
        assert len(log.find("attempt.refused")) == 1
        assert not log.find("signed.in")


def test_failures_make_wait_even_with_the_right_password_and_a_success_forgets_them(stage):
    enter("wang", None, OrgKind.BIDDER)
    for _ in range(4):
        with pytest.raises(Unauthenticated):
            sessions.sign_in(attempt("wang", "not the password"), NOW)
    with pytest.raises(TooMany) as wait:
        sessions.sign_in(attempt("wang"), NOW)
    later = NOW + wait.value.detail["retry_after"] * SECOND
    sessions.sign_in(attempt("wang"), later)
    with transaction(write=False):
        assert [row.login for row in db.session.scalars(select(SignInFailure))] == [""]


def test_a_stranger_who_fails_elsewhere_does_not_lock_a_bidder_out(stage):
    enter("wang", None, OrgKind.BIDDER)
    for _ in range(4):
        with pytest.raises(Unauthenticated):
            sessions.sign_in(attempt("wang", "not the password", address="203.0.113.9"), NOW)
    with pytest.raises(TooMany):
        sessions.sign_in(attempt("wang", "not the password", address="203.0.113.9"), NOW)
    sessions.sign_in(attempt("wang"), NOW)


def test_an_address_that_tries_many_names_is_slowed(stage):
    with transaction():
        db.session.add(SignInFailure(login="", address="203.0.113.9", failures=60, last_at=NOW))
    with pytest.raises(TooMany):
        sessions.sign_in(attempt("somebody", address="203.0.113.9"), NOW)


def test_a_weak_old_hash_is_renewed_at_the_next_sign_in(stage):
    enter("wang", None, OrgKind.BIDDER)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with transaction():
        db.session.execute(update(Person).values(password_hash=weak))
    sessions.sign_in(attempt("wang"), NOW)
    with transaction(write=False):
        renewed = directory.person_of("wang").password_hash
    assert renewed != weak
    assert renewed.startswith("$argon2id$v=19$m=65536")
    sessions.sign_in(attempt("wang"), NOW)


def test_with_a_code_enrolled_sign_in_asks_for_it_and_takes_each_code_once(stage):
    enter("wang", None, OrgKind.BIDDER)
    secret = enrolled("wang", NOW - dt.timedelta(minutes=5))
    with pytest.raises(Unauthenticated) as asked:
        sessions.sign_in(attempt("wang"), NOW)
    assert asked.value.code == "totp.needed"
    code = pyotp.TOTP(secret).at(NOW)
    assert sessions.sign_in(attempt("wang", code=code), NOW).session.second_factor
    with pytest.raises(Unauthenticated):
        sessions.sign_in(attempt("wang", code=code), NOW + SECOND)
    with pytest.raises(Unauthenticated):
        sessions.sign_in(attempt("wang", code=pyotp.TOTP(secret).at(NOW - dt.timedelta(seconds=30))), NOW + SECOND)


def test_wrong_codes_after_a_right_password_make_wait_whatever_the_address(stage):
    enter("wang", None, OrgKind.BIDDER)
    enrolled("wang", NOW - dt.timedelta(minutes=5))
    for number in range(4):
        with pytest.raises(Unauthenticated):
            sessions.sign_in(attempt("wang", code="000000", address=f"203.0.113.{number}"), NOW)
    with pytest.raises(TooMany):
        sessions.sign_in(attempt("wang", code="000000", address="203.0.113.99"), NOW)


def test_of_two_sign_ins_with_one_code_only_one_gets_in(stage):
    from flask import current_app

    enter("wang", None, OrgKind.BIDDER)
    code = pyotp.TOTP(enrolled("wang", NOW - dt.timedelta(minutes=5))).at(NOW)
    app, outcomes, where = current_app._get_current_object(), [], site()
    from kernel.site import used

    def one():
        with app.app_context(), used(where), clock.at(NOW):
            try:
                outcomes.append(sessions.sign_in(attempt("wang", code=code), NOW).token)
            except Unauthenticated as refusal:
                outcomes.append(refusal)
            finally:
                db.session.remove()

    racers = [threading.Thread(target=one) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(outcomes) == 4
    assert sum(isinstance(found, str) for found in outcomes) == 1


def test_confirming_a_code_lifts_this_session_and_ends_the_others(stage):
    enter("wang", None, OrgKind.BIDDER)
    here, other = sessions.sign_in(attempt("wang"), NOW), sessions.sign_in(attempt("wang"), NOW)
    with transaction():
        who = actor("wang", session_id=here.session.public_id)
        _, secret = sessions.enroll_totp(who, NOW)
        with pytest.raises(Conflict):
            sessions.confirm_totp(who, "000000", NOW)
        sessions.confirm_totp(who, pyotp.TOTP(secret).at(NOW), NOW)
    with transaction(write=False):
        assert sessions.session_of(here.token, NOW).second_factor
        assert sessions.session_of(other.token, NOW) is None
        assert secret not in (directory.person_of("wang").totp_secret or "")
    with pytest.raises(Conflict), transaction():
        sessions.enroll_totp(actor("wang"), NOW)


def test_the_office_resets_a_lost_device_and_every_session_ends(stage):
    enter("office", Role.MGR, OrgKind.MANAGER)
    enter("wang", None, OrgKind.BIDDER)
    opened = sessions.sign_in(attempt("wang"), NOW)
    enrolled("wang", NOW - dt.timedelta(minutes=5))
    with transaction():
        sessions.reset_totp(actor("office"), "wang", NOW)
    with transaction(write=False):
        assert sessions.session_of(opened.token, NOW) is None
    assert not sessions.sign_in(attempt("wang"), NOW).session.second_factor


def test_sessions_are_listed_and_ended_by_their_own_person_alone(stage):
    enter("wang", None, OrgKind.BIDDER)
    enter("liu", None, OrgKind.BIDDER)
    mine, other = sessions.sign_in(attempt("wang"), NOW), sessions.sign_in(attempt("liu"), NOW)
    with transaction(write=False):
        assert [row.public_id for row in sessions.sessions(actor("wang"), NOW)] == [mine.session.public_id]
        assert sessions.sessions(actor("wang"), NOW + dt.timedelta(hours=3)) == []
    with pytest.raises(NotFound), transaction():
        sessions.end_session(actor("wang"), other.session.public_id, NOW)
    with transaction():
        sessions.end_session(actor("wang"), mine.session.public_id, NOW)
    with transaction(write=False):
        assert sessions.session_of(mine.token, NOW) is None
        assert sessions.session_of(other.token, NOW) is not None


def test_a_new_password_ends_every_other_session(stage):
    enter("wang", None, OrgKind.BIDDER)
    here, other = sessions.sign_in(attempt("wang"), NOW), sessions.sign_in(attempt("wang"), NOW)
    with transaction():
        who = actor("wang", session_id=here.session.public_id)
        sessions.change_password(who, hashed("another long sentence"), NOW)
    with transaction(write=False):
        assert sessions.session_of(here.token, NOW) is not None
        assert sessions.session_of(other.token, NOW) is None
    with pytest.raises(Unauthenticated):
        sessions.sign_in(attempt("wang"), NOW)


# Certificates --------------------------------------------------------------------------------------------------------


def test_a_certified_key_signs_for_its_organization_once_the_key_file_was_loaded_back(stage):
    enter("wang", None, OrgKind.BIDDER)
    key, der, serial = certified("wang", confirm=False)
    with transaction():
        who = actor("wang")
        with pytest.raises(Forbidden) as early:
            certificates.signer(who, der, NOW)
        assert early.value.code == "certificate.unconfirmed"
        certificates.confirm(who, serial, NOW)
        assert keys.spell(certificates.signer(who, der, NOW)) == keys.spell(key.public_key())
        leaf = chains.check_chain(
            [keys.unb64(text) for text in certificates.certificate_of(serial).chain], certificates.roots(NOW), NOW
        )
        assert chains.subject_of(leaf).uscc == who.uscc


@pytest.mark.parametrize("case", ["another's key", "another's nonce", "old nonce", "garbage", "same key twice"])
def test_a_key_without_a_fresh_proof_of_possession_is_not_certified(stage, case):
    enter("wang", None, OrgKind.BIDDER)
    enter("liu", None, OrgKind.BIDDER)
    key = keys.generate()
    with transaction():
        who = actor("wang")
        good = possession(who, key, NOW)
        if case == "same key twice":
            certificates.issue(who, good, NOW)
        foreign = possession(actor("liu"), key, NOW)
    given = {
        "another's key": certificates.Possession(keys.spell(keys.generate().public_key()), good.proof, good.nonce),
        "another's nonce": foreign,
        "old nonce": good,
        "garbage": certificates.Possession("rsa:AAAA", good.proof, good.nonce),
        "same key twice": good,
    }[case]
    when = NOW + dt.timedelta(minutes=16) if case == "old nonce" else NOW
    with pytest.raises((Invalid, Conflict)), transaction():
        certificates.issue(actor("wang"), given, when)


def test_a_certificate_counts_for_no_other_organization_and_not_when_revoked_or_over(stage):
    enter("wang", None, OrgKind.BIDDER)
    enter("owner", Role.OWNER, OrgKind.OWNER)
    _, der, serial = certified("wang")
    with pytest.raises(Forbidden) as foreign, transaction():
        certificates.signer(actor("owner"), der, NOW)
    assert foreign.value.code == "certificate.organization"
    with pytest.raises(Forbidden) as over, transaction():
        certificates.signer(actor("wang"), der, NOW + dt.timedelta(days=366))
    assert over.value.code == "certificate.over"
    with pytest.raises(Forbidden), transaction():
        certificates.revoke(actor("owner"), serial, NOW)
    with transaction():
        certificates.revoke(actor("wang"), serial, NOW)
    with pytest.raises(Forbidden) as revoked, transaction():
        certificates.signer(actor("wang"), der, NOW)
    assert revoked.value.code == "certificate.revoked"
    with pytest.raises(NotFound), transaction():
        certificates.signer(actor("wang"), b"unknown", NOW)


def test_a_holder_who_lost_the_part_to_sign_signs_no_more(stage):
    enter("wang", None, OrgKind.BIDDER)
    enter("liu", None, OrgKind.BIDDER)
    _, der, _ = certified("wang")
    with transaction():
        people.set_parts(actor("liu"), "wang", ["prepare"], NOW)
    with pytest.raises(Forbidden) as part, transaction():
        certificates.signer(actor("wang"), der, NOW)
    assert part.value.code == "certificate.part"


def test_the_ca_has_one_certificate_for_ever(stage):
    first = authority.certificate(NOW)
    assert authority.certificate(NOW + dt.timedelta(days=1)) == first


def issued(login, key):
    who = actor(login)
    return certificates.issue(who, possession(who, key, NOW), NOW)


def outside(login, chain, key):
    who = actor(login)
    return certificates.register_outside(who, chain, possession(who, key, NOW), NOW)


def outside_ca(folder, uscc):
    ca_key, key = keys.generate(), keys.generate()
    ca = chains.make_ca("外部 CA", ca_key, NOW - dt.timedelta(days=1), NOW + dt.timedelta(days=900))
    leaf = chains.issue(
        ca, ca_key, key.public_key(), chains.Subject("某公司", uscc, "张"),
        serial=7, not_before=NOW - dt.timedelta(days=1), not_after=NOW + dt.timedelta(days=300),
    )  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / "outside.der").write_bytes(ca)
    (folder / "readme.txt").write_text("not a certificate")
    return key, [leaf, ca]


def with_settings(**changes):
    import dataclasses

    from kernel.site import make, used

    return used(make(dataclasses.replace(site().settings, **changes)))


def test_a_trusted_outside_ca_certifies_and_an_unknown_one_does_not(stage, tmp_path):
    enter("wang", None, OrgKind.BIDDER)
    key, chain = outside_ca(tmp_path / "trusted", CODES[OrgKind.BIDDER])
    with pytest.raises(Invalid), transaction():
        outside("wang", chain, key)
    with with_settings(trusted_cas=tmp_path / "trusted"), transaction():
        who = actor("wang")
        found = certificates.register_outside(who, chain, possession(who, key, NOW), NOW)
        assert found.outside
        certificates.signer(who, chain[0], NOW)
        assert len(certificates.roots(NOW)) == 2


def test_an_outside_certificate_of_another_organization_or_key_is_refused(stage, tmp_path):
    enter("wang", None, OrgKind.BIDDER)
    key, chain = outside_ca(tmp_path / "trusted", CODES[OrgKind.OWNER])
    with with_settings(trusted_cas=tmp_path / "trusted"):
        with pytest.raises(Forbidden), transaction():
            outside("wang", chain, key)
        _, own = outside_ca(tmp_path / "trusted", CODES[OrgKind.BIDDER])
        with pytest.raises(Forbidden), transaction():
            outside("wang", own, keys.generate())


def test_outside_practice_a_platform_certificate_counts_only_countersigned(stage, tmp_path):
    enter("wang", None, OrgKind.BIDDER)
    enter("office", Role.MGR, OrgKind.MANAGER)
    _, der, serial = certified("wang")
    office_key, chain = outside_ca(tmp_path / "trusted", CODES[OrgKind.MANAGER])
    with with_settings(origin="kaibiao.example.gov.cn", trusted_cas=tmp_path / "trusted"):
        with pytest.raises(Forbidden) as bare, transaction():
            certificates.signer(actor("wang"), der, NOW)
        assert bare.value.code == "certificate.countersignature"
        with transaction():
            office = actor("office")
            certificates.register_outside(office, chain, possession(office, office_key, NOW), NOW)
            statement = countersigning.statement(certificates.certificate_of(serial))
            assert [found.serial for found in countersigning.awaiting()] == [serial]
        forged = Signed(statement, keys.sign(statement, keys.generate()))
        with pytest.raises(Invalid), transaction():
            countersigning.countersign(actor("office"), serial, forged, chain[0], NOW)
        signed = Signed(statement, keys.sign(statement, office_key))
        with pytest.raises(Forbidden), transaction():
            countersigning.countersign(actor("wang"), serial, signed, chain[0], NOW)
        with transaction():
            countersigning.countersign(actor("office"), serial, signed, chain[0], NOW)
        with transaction(write=False):
            certificates.signer(actor("wang"), der, NOW)
            assert certificates.certificate_of(serial).countersignature["sig"] == keys.b64(signed.sig)
            assert countersigning.awaiting() == []


def test_who_signs_sees_the_organizations_certificates_and_others_only_their_own(stage):
    enter("wang", None, OrgKind.BIDDER)
    enter("liu", None, OrgKind.BIDDER)
    enter("owner", Role.OWNER, OrgKind.OWNER)
    _, _, serial = certified("wang")
    with transaction():
        assert [found.serial for found in certificates.certificates_of(actor("liu"))] == [serial]
        people.set_parts(actor("wang"), "liu", ["prepare"], NOW)
        db.session.flush()
        assert certificates.certificates_of(actor("liu")) == []
        with pytest.raises(NotFound):
            certificates.seen_by(actor("owner"), serial)


# Consortia -----------------------------------------------------------------------------------------------------------


def consortium(second="91330106673959654P"):
    enter("lead", None, OrgKind.BIDDER)
    enter("member", None, OrgKind.BIDDER, second)
    with transaction():
        return declared("lead", second).code


def declared(login, other):
    lead = actor(login)
    return consortia.declare(lead, consortia.Declaration("清江水电与松城市政联合体", [lead.uscc, other], "a" * 64), NOW)


def confirmed(login, code):
    key, der, _ = certified(login)
    with transaction():
        who = actor(login)
        statement = consortia.seen_by(who, code).statement.encode()
        return consortia.confirm(who, code, consortia.Confirmation(keys.sign(statement, key), der), NOW).confirmed_at


def test_a_consortium_bids_through_its_lead_once_every_member_signed(stage):
    code = consortium()
    with pytest.raises(Conflict), transaction():
        consortia.bidding_for(actor("lead"), f"consortium:{code}")
    assert confirmed("lead", code) is None
    assert confirmed("member", code) == NOW
    with transaction(write=False):
        assert consortia.bidding_for(actor("lead"), f"consortium:{code}")[0] == f"consortium:{code}"
        assert consortia.bidding_for(actor("lead"), None)[0] == f"org:{CODES[OrgKind.BIDDER]}"
    with pytest.raises(Forbidden), transaction():
        consortia.bidding_for(actor("member"), f"consortium:{code}")
    with pytest.raises(Forbidden), transaction():
        consortia.bidding_for(actor("member"), f"org:{CODES[OrgKind.BIDDER]}")


def test_a_strangers_signature_confirms_nothing_and_outsiders_see_nothing(stage):
    code = consortium()
    enter("outsider", None, OrgKind.BIDDER, CODES[OrgKind.CENTRE])
    _, der, _ = certified("member")
    with pytest.raises(Invalid), transaction():
        consortia.confirm(actor("member"), code, consortia.Confirmation(b"x" * 64, der), NOW)
    with pytest.raises(NotFound), transaction():
        consortia.seen_by(actor("outsider"), code)
    with transaction(write=False):
        assert consortia.consortia_of(actor("outsider")) == []
        assert [found.code for found in consortia.consortia_of(actor("member"))] == [code]


def test_a_member_that_is_not_registered_is_named(stage):
    enter("lead", None, OrgKind.BIDDER)
    with pytest.raises(Invalid) as unknown, transaction():
        declared("lead", CODES[OrgKind.OWNER])
    assert unknown.value.detail["fields"] == {"members": CODES[OrgKind.OWNER]}


def test_a_dissolved_consortium_bids_no_more_and_only_its_lead_dissolves_it(stage):
    code = consortium()
    confirmed("lead", code)
    confirmed("member", code)
    with pytest.raises(Forbidden), transaction():
        consortia.dissolve(actor("member"), code, NOW)
    with transaction():
        consortia.dissolve(actor("lead"), code, NOW)
    with pytest.raises(Forbidden), transaction():
        consortia.bidding_for(actor("lead"), f"consortium:{code}")
