"""The use cases of accounts in one place; each lives in the room of its noun."""

from __future__ import annotations

from accounts.certificates import certificate_of, roots, signer
from accounts.certificates import issue as issue_certificate
from accounts.consortia import declare as declare_consortium
from accounts.directory import membership_of, organization_of, person_of, roles_of
from accounts.grants import end_grant, grant_role
from accounts.people import accept_invitation, register_organization, register_person, set_parts
from accounts.sessions import confirm_totp, end_session, enroll_totp, sessions, sign_in, sign_out

__all__ = [
    "accept_invitation", "certificate_of", "confirm_totp", "declare_consortium", "end_grant", "end_session",
    "enroll_totp", "grant_role", "issue_certificate", "membership_of", "organization_of", "person_of",
    "register_organization", "register_person", "roles_of", "roots", "sessions", "set_parts", "sign_in", "sign_out",
    "signer",
]  # fmt: skip
