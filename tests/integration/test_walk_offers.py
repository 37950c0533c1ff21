"""A walk over two sales, of shares and of land: who finds an application to buy, at every stage of it."""

from __future__ import annotations

import pytest

from kernel import money
from kernel.site import site
from tendering.attachments import Attachment
from tendering.offers import applications
from tendering.offers.applications import Said
from tendering.offers.visibility import Phase
from tests.walking import Secret, Town, Walk, check, each, towns

HEAD = """
title = "出让"
trade = "property"
pack = "cn.property.transfer.2026"
start = "2026-03-02 09:00"
people = { owner = "青山县国资公司", bidders = ["宏图投资", "南山实业", "清江置业", "北辰控股"], experts = ["专家一"] }
notice = { title = "宾馆转让", project_name = "宾馆", content = "宾馆", consortium_allowed = false, valuation = "青国资评备〔2026〕3号", valuation_date = "2025-12-31", preemption = "reserved", management = "无" }
lots = [{ name = "宾馆股权", method = "highest", goods_or_services = "equity", floor = "9000000.00", valuation_amount = "9000000.00", applications_due = "2026-03-31 17:00" }]
"""
LAND = {
    "trade": "land", "pack": "cn.land.listing.2026",
    "notice": {"title": "地块挂牌", "project_name": "地块", "content": "园区", "consortium_allowed": False, "method_ground": "commercial", "ground_approval": "青政函〔2026〕7号"},
    "lots": [{"name": "三号地块", "method": "highest", "goods_or_services": "land", "floor": "20000000.00", "land_use": "industry", "years": 50, "begins_at": "2026-05-07 09:00", "applications_due": "2026-05-19 17:00"}],
}  # fmt: skip
NAMES = {"bidder2": "南山实业", "bidder3": "清江置业", "bidder4": "北辰控股"}
OFFERS = {"bidder2": "9222222.00", "bidder3": "9333333.00", "bidder4": "9444444.00"}
STANDS = {"bidder2": Phase.MADE, "bidder3": Phase.COMPLETE, "bidder4": Phase.DECIDED}
"""Three applications that lie on different desks when the walk comes by; the first bidder makes none."""


def _of(part: str) -> list[Secret]:
    seen = {part: "applicant", "centre": "ops", "owner": "owner"}
    return [
        Secret("application", "applicant", (NAMES[part],), seen, known=(part,), at=part),
        Secret("application", "said", (f"说明 {part}",), seen, at=part),
        Secret("application", "files", (f"材料 {part}",), seen, at=part),
        Secret("application", "files", (f"内容 {part}",), seen, at=part),
        Secret("application", "offer", (OFFERS[part], f"{int(OFFERS[part][:-3]):,}.00"), seen, at=part),
        Secret("application", "receipt", ("kaibiao-application-receipt",), dict.fromkeys(NAMES, "applicant"), at=part),
    ]


SECRETS = (
    *(one for part in NAMES for one in _of(part)),
    Secret(
        "application",
        "shareholder",
        (">原股东</dt>", "<dd>原股东</dd>"),
        {"bidder3": "applicant", "owner": "owner"},
        at="bidder3",
    ),
    Secret("application", "shareholder", ("清江置业",), {"owner": "owner"}, known=("bidder3",), at="held"),
    Secret(
        "application", "applicant", ("北辰控股",), {"centre": "ops", "owner": "owner"}, known=("bidder4",), at="room"
    ),
)


def _apply(town: Town, part: str, offer: str | None, *flags: str) -> None:
    with town.world.act() as now:
        key, size, sha256 = site().blobs.put(iter([f"%PDF-1.7 内容 {part}".encode()]))
        papers = (Attachment(f"材料 {part}.pdf", size, sha256, key),)
        texts = {"contact": "联系人甲", "phone": "0990-7654321", "standing": f"说明 {part}", "deposit_paid": "回单一"}
        said = Said(texts, frozenset(flags), money.parse(offer) if offer else None, papers)
        applications.apply(town.by(part).actor, town.world.code(1), said, now)
    town.world.breathe()


def _desks(town: Town) -> Walk:
    """One to be checked, one to be decided, one confirmed; the second one's applicant is a shareholder."""
    town.play('do = "publish", by = "owner", closes = "2026-04-10 09:30"')
    for part, offer in OFFERS.items():
        _apply(town, part, offer, *(["shareholder"] if part == "bidder3" else []))
    town.play(
        'do = "check_application", by = "centre", of = "bidder3"',
        'do = "confirm_applicants", by = "owner", of = ["bidder4"]',
    )
    return town.walk(STANDS)


def _sold(town: Town) -> None:
    """Two bid and one of them buys; the shareholder, confirmed too, may still take the deal at its price."""
    _apply(town, "bidder1", "9000000.00")
    town.play(
        'do = "confirm_applicants", by = "owner", of = ["bidder1", "bidder2"]',
        'do = "decide_application", by = "owner", of = "bidder3"',
        'wait = "listing_over"',
        'do = "bid", by = "bidder1", price = "9800000.00"',
        'do = "bid", by = "bidder2", price = "9900000.00"',
        'wait = "box_closed"',
        'do = "start_opening", by = "owner"',
        'wait = "opened"',
    )


def _called(town: Town) -> None:
    """Land on offer, its one applicant in the room."""
    town.world.terms, town.world.tender = LAND, ""
    town.play('do = "publish", by = "owner", closes = "2026-05-20 16:00"')
    _apply(town, "bidder4", None)
    town.play('do = "confirm_applicants", by = "owner", of = ["bidder4"]', 'wait = "listing_over"')


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory):
    with towns(tmp_path_factory.mktemp("walk"), HEAD) as town:
        found = [_desks(town)]
        _sold(town)
        _called(town)
        yield [*found, town.walk({"held": Phase.ENDED, "room": Phase.ROOM})]


@each(SECRETS)
def test_e21_l07_an_application_is_found_where_the_table_shows_it_and_nowhere_else(walks: list[Walk], secret: Secret):
    check(walks, secret)
