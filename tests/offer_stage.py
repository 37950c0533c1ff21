"""A sale on a stage: a property listed, applicants with their papers, the clock at its end."""

from __future__ import annotations

from typing import Any

from accounts.roles import OrgKind, Role
from escrow import asking, register, standing
from escrow.applicants import Applicants
from escrow.register import Credit
from escrow.rules import Means, Paid, Problem
from kernel import clock, keys
from kernel.clock import rfc3339
from kernel.money import Fen
from tendering import methods, service
from tendering.attachments import Attachment
from tendering.offers import applications, deposits, steps
from tendering.offers.applications import Said
from tendering.offers.models import OfferApplication
from tests.bidding_stage import BiddingStage
from tests.tendering_stage import NODES, _actor, seconds

deposits.PORT[deposits.DEPOSITS] = Applicants()

TEXTS = {"contact": "李经理人", "phone": "0990-7654321", "standing": "符合公告所列条件"}
PROPERTY: dict[str, Any] = {
    "trade": "property", "pack": "practice.property.transfer", "title": "青山宾馆 60% 股权转让", "consortium_allowed": False,
    "valuation": "青国资评备〔2026〕3号", "valuation_date": "2026-06-30", "preemption": "none", "management": "无",
}  # fmt: skip
LAND: dict[str, Any] = {
    "trade": "land", "pack": "practice.land.listing", "title": "2026-3号地块挂牌出让", "consortium_allowed": False,
    "method_ground": "commercial", "ground_approval": "青政函〔2026〕7号", "deposit_forms": ["transfer"],
}  # fmt: skip


def listed(stage: BiddingStage, *, lot: dict[str, Any] | None = None, **changes: Any) -> str:
    """A published sale; the code of its lot. Applications end after 60 seconds, offers 100 later."""
    due, closes = rfc3339(stage.now + seconds(60)), rfc3339(stage.now + seconds(160))
    row = {
        "name": "标的一", "floor": "9000000.00", "valuation_amount": "9000000.00", "applications_due": due,
        "closes_at": closes, "method": methods.highest_price("equity"), **(lot or {}),
    }  # fmt: skip
    code = stage.draft(**{**PROPERTY, **changes, "lots": [row]})
    stage.document(code)
    keyed(stage, code)
    stage.publish(code)
    return stage.lots(code)[0]


def land(stage: BiddingStage, **row: Any) -> str:
    """Land by listing: it begins after 25 seconds and ends after 80."""
    told = {
        "begins_at": rfc3339(stage.now + seconds(25)), "closes_at": rfc3339(stage.now + seconds(80)), "land_use": "industry",
        "years": 50, "method": methods.highest_price("land"), "valuation_amount": None, **row,
    }  # fmt: skip
    return listed(stage, lot=told, **LAND)


def enter(stage: BiddingStage, ref: str, payer: str, amount: int = 180_000_000) -> None:
    """The centre's finance enters what the bank says."""
    if "finance" not in stage.actors:
        with stage.act():
            stage.actors["finance"] = _actor("finance", OrgKind.CENTRE, Role.FIN, "12350100488756000F")
    with stage.act() as now:
        paid = Paid(Fen(amount), now, Means.TRANSFER, payer, "6222020001112223")
        register.enter(stage.actors["finance"], Credit(ref, f"B{ref}{amount}", paid), now)


def pays(stage: BiddingStage, lot: str, name: str, amount: int = 0) -> Problem | None:
    """The applicant takes a number and pays, in full unless told otherwise; what the register finds wrong with it."""
    bidder = stage.bidder_of(name).actor
    with stage.act() as now:
        found = asking.issue(bidder, lot, "transfer", now)
        ref, due = found.ref, Fen(amount or found.due_fen)
    enter(stage, ref, bidder.organization, due)
    with stage.act(write=False):
        live = asking.of(bidder.organization_id, lot)
        assert live is not None
        return standing.problem_of(live)


def keyed(stage: BiddingStage, code: str) -> None:
    """The keys of a box with one envelope."""
    stage.request_keys(code)
    for lot in stage.lots(code):
        for node in NODES:
            with stage.act() as now:
                version = service.lot_of(lot).keyset_version
                entries = [stage.entry(node, lot, version, "sheet")]
                service.take_trustee_entries(node, {"lot": lot, "version": version, "entries": entries}, now)
        stage.countersign(lot)


def apply(stage: BiddingStage, lot: str, name: str, offer: int | None = 900_000_000, **said: Any) -> str:
    """Apply; the token of the application."""
    bidder = stage.bidder_of(name)
    papers = said.pop("papers", (Attachment("营业执照.pdf", 3, "ab" * 32, "nowhere"),))
    flags = frozenset(said.pop("flags", ()))
    given = Said({**TEXTS, **said}, flags, None if offer is None else Fen(offer), papers)
    with stage.act() as now:
        return applications.apply(bidder.actor, lot, given, now).token


def confirm(stage: BiddingStage, *tokens: str) -> None:
    for token in tokens:
        with stage.act() as now:
            applications.check(stage.actors["operator"], token, complete=True, remark="", now=now)
        with stage.act() as now:
            applications.decide(stage.owner, token, confirmed=True, reason="", now=now)


def over(stage: BiddingStage, after: int = 61) -> None:
    """Let the time pass, and the clock do what follows."""
    stage.now += seconds(after)
    with clock.at(stage.now):
        steps.step_listings(stage.now)


def row(stage: BiddingStage, token: str) -> OfferApplication:
    (found,) = stage.rows(OfferApplication, OfferApplication.token == token)
    return found


def signed(stage: BiddingStage, raw: bytes, key: keys.PrivateKey) -> dict[str, str]:
    """The form that the browser posts."""
    return {"statement": keys.b64(raw), "signature": keys.b64(keys.sign(raw, key))}
