"""How many lots of one tender one bidder may win, and in which order lots are awarded: the notice's own rule. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.errors import Conflict

RULE = "招标公告（中标标段数量限制）；《招标投标法实施条例》第四十九条；财政部令第87号第二十条"


@dataclass(frozen=True)
class Limit:
    """At most `most` lots to one bidder; `order` are the codes of all lots as they are awarded."""

    most: int
    order: tuple[str, ...]

    @classmethod
    def of_notice(cls, notice: Mapping[str, Any]) -> Limit | None:
        """As the signed notice states it; None where it sets none."""
        stated = notice.get("award_limit")
        return cls(int(stated["most"]), tuple(stated["order"])) if stated else None

    def before(self, lot: str) -> tuple[str, ...]:
        """The lots awarded before this one."""
        return self.order[: self.order.index(lot)]

    def full(self, lot: str, winners: Mapping[str, str]) -> frozenset[str]:
        """Bidders who have won all they may in the lots before; `winners` maps lots to who won them."""
        won = [winners[code] for code in self.before(lot) if code in winners]
        return frozenset(one for one in won if won.count(one) >= self.most)


def stated(draft: Mapping[str, Any], lots: Sequence[str]) -> dict[str, Any]:
    """The notice's words, from what the owner typed; nothing where no limit is set. Lots go by number unless ordered."""
    most = draft.get("max_lots_won")
    if not most:
        return {}
    numbers = [number for number in draft.get("award_order") or [] if 0 < number <= len(lots)]
    order = [*dict.fromkeys(numbers), *(one for one in range(1, len(lots) + 1) if one not in numbers)]
    return {"award_limit": {"most": most, "order": [lots[number - 1] for number in order]}}


def passed_over(candidates: Iterable[Mapping[str, Any]], full: frozenset[str]) -> list[str]:
    """The candidates (their bids) whose bidders may win no more lots."""
    return [row["bid_id"] for row in candidates if row["bidder"] in full]


def check_turn(waiting: Sequence[str]) -> None:
    """Conflict while a lot that comes before this one is not decided."""
    if waiting:
        raise Conflict(
            "award.order",
            f"公告规定依次定标，须先确定标段 {'、'.join(waiting)}。",
            f"The notice awards the lots in order: first {', '.join(waiting)}.",
            rule=RULE,
            waiting=list(waiting),
        )


def check_not_full(bid_id: str, passed: Sequence[str], most: int) -> None:
    """Conflict when the chosen candidate's bidder has won all it may."""
    if bid_id in passed:
        raise Conflict(
            "award.limit",
            f"公告规定一个投标人最多可中 {most} 个标段，该候选人已达上限。",
            f"The notice lets one bidder win {most} lots at most; this one has them.",
            rule=RULE,
        )
