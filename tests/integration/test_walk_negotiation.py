"""A walk over a negotiation: who finds what is said in it, who takes part, the changes, and the final quotes."""

from __future__ import annotations

import pytest

from evaluation.negotiation.visibility import Phase
from tests.walking import Secret, Town, Walk, check, each, towns

HEAD = """
title = "谈判"
trade = "procurement"
pack = "practice.procurement.negotiation"
people = { owner = "青山县教育局", agency = "招标代理甲", bidders = ["谈甲公司", "谈乙公司", "谈丙公司", "谈丁公司", "未参加者"], experts = ["一组", "二组", "三组", "四组"] }
notice = { method_ground = "urgent", ground_approval = "青财购〔2026〕12号" }
lots = [{ name = "教学用计算机", goods_or_services = "goods", ceiling = "900000.00" }]
"""
SIDES = {"owner": "owner", "agency": "owner", "supervisor": "supervisor", "inspector": "supervisor"}
SEEN = {"seat1": "team", **SIDES, "bidder1": "supplier", "bidder2": "other", "bidder3": "other", "bidder4": "other"}
"""As what people look at the first supplier's part; the third one's response does not conform."""
SECRETS = (
    Secret("negotiation", "thread", ("问之文",), SEEN),
    Secret("negotiation", "thread", ("答之文",), SEEN),
    Secret("negotiation", "response", ("重交之文",), SEEN),
    Secret("negotiation", "sessions", ("已谈判 1 场",), {"seat1": "team"}, at="met"),
    Secret(
        "negotiation", "ground", ("技术指标不满足",), SEEN | {"bidder1": "other", "bidder3": "supplier"}, at="closed"
    ),
    Secret("negotiation", "suppliers", ("谈丙公司",), SEEN, known=("bidder3",)),
    Secret("negotiation", "receipts", ("未签收",), SEEN, at="waiting"),
    Secret("negotiation", "receipts", ("谈乙公司 签收",), SEEN, at="closed"),
    Secret("negotiation", "change", ("变动之文",), SEEN),
    Secret("negotiation", "staying", ("4 家参加，3 家继续",), SEEN, at="closed"),
    Secret("negotiation", "quotes", ("812345.00", "812,345.00"), SEEN),
    Secret("negotiation", "quotes", ("谈丁公司",), SEEN, known=("bidder4", "seat1")),
)
"""The team knows by `suppliers` who may quote."""


def _played(town: Town) -> list[Walk]:
    suppliers = [1, 2, 3, 4]
    town.play(
        'do = "publish", by = "owner", closes = "60 seconds"',
        *(f'do = "respond", by = "bidder{n}"' for n in suppliers),
        'wait = "box_closed"',
        'do = "start_opening", by = "owner"',
        'wait = "opened"',
        'do = "seat_team", by = "centre"',
        'do = "meet", by = "bidder1", asks = "问之文甲乙", answers = "答之文丙丁"',
        *(f'do = "meet", by = "bidder{n}"' for n in suppliers[1:]),
        'do = "change_requirements", by = "owner", text = "变动之文：质保期改为五年"',
        'do = "acknowledge", by = "bidder1"',
        'do = "revise", by = "bidder1", text = "重交之文戊己"',
    )
    found = [town.walk(dict.fromkeys(("negotiation", "met", "waiting"), Phase.RUNNING))]
    town.play(*(f'do = "acknowledge", by = "bidder{n}"' for n in suppliers[1:]))
    town.play(
        'do = "conclude", by = "expert1", quote_seconds = 1800, rejects = ["bidder3"]',
        'do = "call_quotes", by = "owner"',
    )
    found.append(town.walk(dict.fromkeys(("negotiation", "closed"), Phase.CLOSED)))
    prices = {1: "812345.00", 2: "822222.00", 4: "833333.00"}
    town.play(
        *(f'do = "bid", by = "bidder{n}", lot = 2, price = "{price}"' for n, price in prices.items()),
        'wait = "box_closed", lot = 2',
        'do = "start_opening", by = "owner", lot = 2',
        'wait = "opened", lot = 2',
    )
    return [*found, town.walk(dict.fromkeys(("negotiation", "closed"), Phase.QUOTED))]


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory):
    with towns(tmp_path_factory.mktemp("walk"), HEAD) as town:
        yield _played(town)


@each(SECRETS)
def test_n04_a_negotiation_is_found_where_the_table_shows_it_and_nowhere_else(walks: list[Walk], secret: Secret):
    check(walks, secret)
