"""How many must respond and quote, and which envelopes a box has. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from kernel.errors import Words
from kernel.law import holds
from tendering.packs import Kind, Pack, Rule, Stage

NEGOTIATED = frozenset({"negotiation", "consultation"})
"""Procedures of two boxes: first responses for the team, then final quotes for everybody."""


class Fewer(StrEnum):
    """Why two suppliers suffice where the law asks for three."""

    RESEARCH = "research"
    SERVICES = "services"
    TWO_BIDDERS = "two_bidders"


FEWER: dict[str, dict[Fewer, Words]] = {
    "consultation": {
        Fewer.RESEARCH: Words(
            "市场竞争不充分的科研项目，以及需要扶持的科技成果转化项目",
            "Research with little competition, or results of research being put to use",
        ),
        Fewer.SERVICES: Words("政府购买服务项目（含政府和社会资本合作项目）", "Services bought by the government"),
    },
    "negotiation": {
        Fewer.TWO_BIDDERS: Words(
            "公开招标只有两家供应商，经本级财政部门批准",
            "An open tender found two suppliers only, and the finance department approved",
        )
    },
}
"""By procedure, the reasons that its law lists (N07, N09)."""


def negotiated(pack: Pack) -> bool:
    return pack.procedure in NEGOTIATED


def stages(pack: Pack, *, final: bool) -> tuple[Stage, ...]:
    """The envelopes of a lot of this procedure, or of its final box."""
    return pack.final_stages if final else pack.stages


@holds("final_quotes", "two_quotes", "bids_at_close")
def least(pack: Pack, notice: Mapping[str, Any], *, final: bool = False) -> Rule:
    """How few bids keep the box from being opened: of first responses, or of final quotes.

    Two suffice where the notice names a reason that the law lists (N07, N09); `notice` is the draft, or the notice as signed.
    """
    asked = pack.the(Kind.MIN_COUNT, "final_quotes") if final else pack.min_bids
    excused = pack.find(Kind.ALLOWED, "two_quotes")
    return excused[0] if excused and notice.get("fewer_ground") in FEWER.get(pack.procedure, {}) else asked
