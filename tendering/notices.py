"""The notice as it is signed: one canonical JSON object from the draft, its documents and keysets. It holds no instant of publishing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import Organization
from kernel import canonical, money
from kernel.clock import rfc3339
from kernel.site import site
from tendering import award_limit, codes, drafts, packs, rounds, wording
from tendering.codes import TenderCode
from tendering.models import Document, Lot, Tender
from tendering.offers import terms as offers
from tendering.packs import OFFERS, Pack
from tendering.prequal import rules as prequal
from tendering.quotes import checks
from tendering.statements import NOTICE

STATED = (
    "project_name", "content", "scale", "fund_source", "qualification", "documents_obtained", "submission",
)  # fmt: skip


def encode(tender: Tender) -> bytes:
    """The exact bytes to sign; the same draft always gives the same bytes."""
    return canonical.encode(build(tender))


def build(tender: Tender) -> dict[str, Any]:
    pack, draft = packs.load(tender.pack_id), tender.draft
    return {
        "type": NOTICE,
        "tender": tender.code,
        "project": codes.project_of(TenderCode(tender.code)),
        "trade": tender.trade,
        "method": tender.method,
        "pack": pack.id,
        "pack_sha256": pack.sha256,
        "practice": tender.practice,
        "region": tender.region,
        "title": tender.title,
        "owner": party(drafts.organization(tender.owner_org)),
        "agency": party(drafts.organization(tender.agency_org)) if tender.agency_org else None,
        **{name: str(draft.get(name) or "") for name in STATED},
        "contact": dict(draft.get("contact") or {}),
        "consortium_allowed": bool(draft.get("consortium_allowed")),
        "state_funded": bool(draft.get("state_funded", True)),
        "bid_validity_days": draft.get("bid_validity_days"),
        "deposit_forms": list(draft.get("deposit_forms") or []),
        "wording_reasons": _reasons(draft, pack),
        **rounds.stated(tender),
        **prequal.stated(draft, pack),
        **checks.stated(tender),
        **(offers.stated(draft) if offers.is_offer(pack) else {}),
        **award_limit.stated(draft, [lot.code for lot in tender.lots]),
        "platform": f"{site().settings.url.rstrip('/')}/tenders/{tender.code}",
        "documents": [document(found) for found in tender.documents if not found.after_notice],
        "lots": [_lot(found, row) for found, row in zip(tender.lots, draft.get("lots") or [], strict=False)],
    }


def content(tender: Tender) -> dict[str, Any]:
    """The notice for reading: as it was signed, or as it would be signed now."""
    signed: dict[str, Any] = canonical.decode(tender.notice) if tender.notice else build(tender)
    return signed


def party(organization: Organization) -> dict[str, str]:
    return {"name": organization.name, "uscc": organization.uscc}


def document(found: Document) -> dict[str, Any]:
    return {"name": found.name, "size": found.size, "sha256": found.sha256, "media_type": found.media_type}


def ceiling(lot: Lot) -> str | None:
    return None if lot.ceiling_fen is None else money.wire(money.Fen(lot.ceiling_fen))


def _reasons(draft: Mapping[str, Any], pack: Pack) -> list[dict[str, str]]:
    """Doubtful words of the notice, each with the owner's public reason."""
    given, quotes = draft.get("wording_reasons") or {}, [found.quote for found in wording.findings(draft, pack)]
    return [{"quote": quote, "reason": str(given.get(quote) or "")} for quote in dict.fromkeys(quotes)]


def _lot(lot: Lot, terms: Mapping[str, Any]) -> dict[str, Any]:
    """`remedy` is the 补救方案 of 20号令 art. 31: what happens when trustees or keys fail, printed before bidding."""
    return {
        "lot": lot.code,
        "number": lot.number,
        "name": lot.name,
        "ceiling": ceiling(lot),
        "deposit": terms.get("deposit"),
        "closes_at": rfc3339(lot.closes_at) if lot.closes_at else None,
        "opens_at": rfc3339(lot.opens_at) if lot.opens_at else None,
        "method_sha256": lot.method_sha256,
        "keyset_sha256": lot.keyset_sha256,
        "keyset_version": lot.keyset_version,
        **({"sale": offers.lot_stated(terms)} if lot.tender.method in OFFERS else {}),
        "remedy": {name: lot.timings[name] for name in ("open_wait", "release_by", "rescue_until")},
    }
