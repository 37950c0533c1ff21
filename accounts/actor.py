"""Who acts: what a use case is told about the person behind a request. Built by `access`, pure here."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.roles import PLANE_OF, SECOND_FACTOR, Part, Plane, Role
from kernel.errors import Forbidden


@dataclass(frozen=True)
class Actor:
    """One person, acting for one organization, in one session."""

    person_id: int
    name: str
    organization_id: int
    organization: str
    uscc: str
    roles: frozenset[Role]
    parts: frozenset[Part]
    address: str = ""
    user_agent: str = ""
    second_factor: bool = True
    session_id: str = ""

    def act_as(self, role: Role) -> None:
        """Forbidden unless the person holds `role` and, where the role needs it, used a one-time code."""
        self.act_as_any(role)

    def act_as_any(self, *roles: Role) -> Role:
        """The first of `roles` the person can act in now; Forbidden if there is none."""
        held = [role for role in roles if role in self.roles]
        if not held:
            raise Forbidden(
                "role.lacking",
                "您没有办理此事的角色",
                "You do not hold the role this takes",
                rule="rules.md 5.1",
                roles=[str(role) for role in roles],
            )
        ready = [role for role in held if self.second_factor or role not in SECOND_FACTOR]
        if not ready:
            raise Forbidden(
                "totp.required",
                "此角色须用动态口令登录后办理：请先在“我的账户”启用动态口令并重新登录",
                "This role acts only after signing in with a one-time code: enroll one in your account and sign in again",
                rule="OWASP ASVS V6",
            )
        return ready[0]

    def take_part(self, part: Part) -> None:
        """Forbidden unless the organization gave this person the part."""
        if part not in self.parts:
            raise Forbidden(
                "part.lacking",
                "单位没有授权您办理此环节",
                "Your organization has not given you this part",
                part=str(part),
            )

    @property
    def subject(self) -> str:
        """How the log names whom a sealed fact is about."""
        return subject_of(self.person_id)

    @property
    def plane(self) -> Plane | None:
        """The plane the person stands in; None without a role."""
        return next((PLANE_OF[role] for role in self.roles), None)


def subject_of(person_id: int) -> str:
    """The log's name for a person; it is kept beside the sealed entry and never published."""
    return f"person:{person_id}"
