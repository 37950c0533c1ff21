"""The kinds of facts that the slices keep in files of their own; importing this enters them into the vocabulary."""

from supervision import (
    agreement_facts,
    base_price_facts,
    contract_facts,
    deposit_facts,
    draw_facts,
    invitation_facts,
    media_facts,
    negotiation_facts,
    offer_facts,
    prequal_facts,
    recording_facts,
    report_facts,
    review_facts,
    round_facts,
)

__all__ = [
    "agreement_facts", "base_price_facts", "contract_facts", "deposit_facts", "draw_facts", "invitation_facts", "media_facts", "negotiation_facts", "offer_facts", "prequal_facts", "recording_facts", "report_facts",
    "review_facts", "round_facts",
]  # fmt: skip
