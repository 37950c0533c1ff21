"""Who may hold which role: planes, roles and parts (rules.md 5.1). The one vocabulary of permissions; values are never reused."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Plane(StrEnum):
    """监督, 管理, 执行 and the participants. One person stands in at most one of them."""

    SUPERVISE = "supervise"
    MANAGE = "manage"
    EXECUTE = "execute"
    PARTICIPANT = "participant"


class Role(StrEnum):
    """A role is held through a grant, by one person, for one organization."""

    SUP = "SUP"
    INSP = "INSP"
    MGR = "MGR"
    OWNER = "OWNER"
    AGENCY = "AGENCY"
    OPS = "OPS"
    FIN = "FIN"
    TECH = "TECH"
    BIDDER = "BIDDER"
    EXPERT = "EXPERT"


class Part(StrEnum):
    """What a person may do for the own organization."""

    PREPARE = "prepare"
    SIGN = "sign"
    PAY = "pay"


class OrgKind(StrEnum):
    """What an organization is here for; it decides which roles its people can hold."""

    BIDDER = "bidder"
    OWNER = "owner"
    AGENCY = "agency"
    CENTRE = "centre"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    EXPERT_POOL = "expert_pool"


PLANE_OF: dict[Role, Plane] = {
    Role.SUP: Plane.SUPERVISE,
    Role.INSP: Plane.SUPERVISE,
    Role.MGR: Plane.MANAGE,
    Role.OWNER: Plane.MANAGE,
    Role.AGENCY: Plane.MANAGE,
    Role.OPS: Plane.EXECUTE,
    Role.FIN: Plane.EXECUTE,
    Role.TECH: Plane.EXECUTE,
    Role.BIDDER: Plane.PARTICIPANT,
    Role.EXPERT: Plane.PARTICIPANT,
}

ROLES_OF: dict[OrgKind, frozenset[Role]] = {
    OrgKind.BIDDER: frozenset({Role.BIDDER}),
    OrgKind.OWNER: frozenset({Role.OWNER}),
    OrgKind.AGENCY: frozenset({Role.AGENCY}),
    OrgKind.CENTRE: frozenset({Role.OPS, Role.FIN, Role.TECH}),
    OrgKind.SUPERVISOR: frozenset({Role.SUP, Role.INSP}),
    OrgKind.MANAGER: frozenset({Role.MGR}),
    OrgKind.EXPERT_POOL: frozenset({Role.EXPERT}),
}

SELF_REGISTERED = (OrgKind.BIDDER, OrgKind.OWNER, OrgKind.AGENCY)
"""Kinds that register themselves; the others come in by the management office."""

SECOND_FACTOR = frozenset(
    {Role.SUP, Role.INSP, Role.MGR, Role.OWNER, Role.AGENCY, Role.OPS, Role.FIN, Role.TECH, Role.EXPERT}
)
"""Roles that act only in a session with a confirmed one-time code. A bidder's binding acts carry its certificate's
signature, which is a second factor of its own."""

EXCLUDING: frozenset[frozenset[Role]] = frozenset(
    frozenset(pair)
    for pair in (
        (Role.MGR, Role.OWNER),  # the management office has no project rights
        (Role.MGR, Role.AGENCY),
        (Role.OWNER, Role.AGENCY),  # the agency prepares, the owner confirms: two persons
        (Role.FIN, Role.OPS),  # finance cannot see which stage of a project matters
        (Role.TECH, Role.OPS),  # technicians have no business log-in
        (Role.TECH, Role.FIN),
        (Role.BIDDER, Role.EXPERT),  # nobody judges in the trade in which the same person bids
    )
)
"""Roles of one plane that one person still cannot hold together."""


def clash(held: Collection[Role], wanted: Role) -> Role | None:
    """The role already held that bars `wanted`, or None."""
    return next((role for role in sorted(held) if not compatible(role, wanted)), None)


def compatible(one: Role, other: Role) -> bool:
    """Whether one person may hold both."""
    return PLANE_OF[one] is PLANE_OF[other] and frozenset({one, other}) not in EXCLUDING
