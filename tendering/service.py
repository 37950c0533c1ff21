"""The use cases of tendering in one place, for other slices; each lives in the room of its noun."""

from __future__ import annotations

from supervision.answers import AnswerHandler
from tendering.agency import confirm_key
from tendering.amendments.extension import extend_deadline
from tendering.awards import Candidate, award, award_statement, decide_by, deemed_award, give_up, start_publicity
from tendering.cancellation import approval, cancel, withdraw_proposal
from tendering.deadlines import collect_again, resume, suspend
from tendering.documents import add_document, remove_document, take
from tendering.drafts import create_draft, discard_draft, update_draft
from tendering.filing.intents import publish_intent
from tendering.filing.service import file_plan, return_plan
from tendering.keysets import request_keysets, take_keyset_signature, take_trustee_entries
from tendering.lifecycle import lot_of, move, tender_of
from tendering.orders import take_order
from tendering.questions import Reply, answer, answered, ask, pending
from tendering.signing import obstacles, publish, signing_sheet
from tendering.states import CLOCK

__all__ = [
    "CLOCK",
    "Candidate",
    "Reply",
    "add_document",
    "answer",
    "answer_handlers",
    "answered",
    "approval",
    "ask",
    "award",
    "award_statement",
    "cancel",
    "collect_again",
    "confirm_key",
    "create_draft",
    "decide_by",
    "deemed_award",
    "discard_draft",
    "extend_deadline",
    "file_plan",
    "give_up",
    "lot_of",
    "move",
    "obstacles",
    "pending",
    "publish",
    "publish_intent",
    "remove_document",
    "request_keysets",
    "resume",
    "return_plan",
    "signing_sheet",
    "start_publicity",
    "suspend",
    "take",
    "take_keyset_signature",
    "take_order",
    "take_trustee_entries",
    "tender_of",
    "update_draft",
    "withdraw_proposal",
]  # fmt: skip

answer_handlers: dict[str, AnswerHandler] = {
    "trustee.entries": take_trustee_entries,
    "keyset.signature": take_keyset_signature,
    "order": take_order,
}
"""Kinds of the nodes' answers that belong to tendering."""
