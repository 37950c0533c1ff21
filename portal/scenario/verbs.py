"""All words of the registry: importing this module fills it. A new file of verbs is imported here."""

from portal.scenario import (
    expectations,
    verbs_agreement,
    verbs_arithmetic,
    verbs_award,
    verbs_baseprice,
    verbs_bids,
    verbs_contract,
    verbs_deposits,
    verbs_experts,
    verbs_invitations,
    verbs_negotiation,
    verbs_notice,
    verbs_objections,
    verbs_offers,
    verbs_opening,
    verbs_orders,
    verbs_prequal,
    verbs_qualification,
    verbs_recording,
    verbs_report,
    verbs_review,
    waits,
)

__all__ = [
    "expectations", "verbs_agreement", "verbs_arithmetic", "verbs_award", "verbs_baseprice", "verbs_bids", "verbs_contract", "verbs_deposits", "verbs_experts", "verbs_invitations", "verbs_negotiation", "verbs_notice", "verbs_objections", "verbs_offers", "verbs_opening", "verbs_orders", "verbs_prequal", "verbs_qualification", "verbs_recording", "verbs_report", "verbs_review", "waits",
]  # fmt: skip
