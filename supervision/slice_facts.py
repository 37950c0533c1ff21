"""The kinds of facts that the slices keep in files of their own; importing this enters them into the vocabulary."""

from supervision import (
    contract_facts,
    deposit_facts,
    invitation_facts,
    media_facts,
    negotiation_facts,
    offer_facts,
    prequal_facts,
    review_facts,
    round_facts,
)

__all__ = [
    "contract_facts", "deposit_facts", "invitation_facts", "media_facts", "negotiation_facts", "offer_facts", "prequal_facts", "review_facts",
    "round_facts",
]  # fmt: skip
