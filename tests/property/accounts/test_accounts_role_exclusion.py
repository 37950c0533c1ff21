"""Whatever the order of grants and endings: one person stands in one plane, and excluded roles never meet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from accounts import rules
from accounts.roles import EXCLUDING, PLANE_OF, ROLES_OF, OrgKind, Role, compatible
from kernel.errors import Conflict, Forbidden

ACTS = st.lists(
    st.tuples(st.sampled_from(["grant", "end"]), st.sampled_from(list(OrgKind)), st.sampled_from(list(Role))),
    max_size=40,
)


@given(ACTS)
def test_no_order_of_grants_brings_two_planes_or_excluded_roles_together(acts: list[tuple[str, OrgKind, Role]]) -> None:
    held: set[Role] = set()
    for act, kind, role in acts:
        if act == "end":
            held.discard(role)
            continue
        plane = next((PLANE_OF[found] for found in held), None)
        try:
            rules.check_grant(kind, held, plane, role)
        except (Forbidden, Conflict):
            continue
        held.add(role)
        assert role in ROLES_OF[kind]
    assert len({PLANE_OF[role] for role in held}) <= 1
    assert not any(pair <= held for pair in EXCLUDING)


@given(st.sampled_from(list(Role)))
def test_a_bidder_holds_no_other_role(other: Role) -> None:
    assert compatible(Role.BIDDER, other) is (other is Role.BIDDER)
    assert compatible(other, Role.BIDDER) is compatible(Role.BIDDER, other)


@given(st.sampled_from(list(Role)), st.sampled_from(list(Role)))
def test_exclusion_is_mutual_and_two_planes_never_mix(one: Role, other: Role) -> None:
    assert compatible(one, other) is compatible(other, one)
    if PLANE_OF[one] is not PLANE_OF[other]:
        assert not compatible(one, other)
