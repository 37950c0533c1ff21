"""Questions before the deadline: asked without the owner learning who asks, answered to everybody."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import CursorResult, select, update

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Invalid, NotFound
from supervision import facts, log
from tendering import changes, publishing, visibility
from tendering.amendments import telling
from tendering.amendments.telling import Said
from tendering.invitations.door import check_invited
from tendering.models import Question, Tender
from tendering.prequal import changing
from tendering.states import LotState, TenderState

MAX_TEXT = 4000
RULE = "《招标投标法》第二十二条、第二十三条；《电子招标投标办法》第二十一条"


@dataclass(frozen=True)
class Reply:
    text: str
    bears_on_bids: bool
    told: bool = False
    """An amendment that moves the deadline tells of it, so that it is not told twice."""


def ask(actor: Actor, tender: Tender, text: str, now: dt.datetime) -> Question:
    """A bidder's question. Who asked stands only in a sealed fact, disclosed to nobody on the owner's side."""
    visibility.check_seen(tender, actor)
    actor.act_as(Role.BIDDER)
    check_invited(tender, actor.organization_id)
    check_open(tender)
    asked = Question(
        token=secrets.token_hex(16),
        tender_id=tender.id,
        person_id=actor.person_id,
        text=checked(text, "text"),
        asked_at=now,
    )
    db.session.add(asked)
    db.session.flush()
    fact = facts.QuestionAsked(tender=tender.code, question_sha256=canonical.sha(asked.text.encode()), at=rfc3339(now))
    log.append(fact, lot=tender.code, subject=actor.subject)
    return asked


def check_open(tender: Tender) -> None:
    """Conflict once no lot takes bids, or applications, any more."""
    collecting = any(lot.state in (LotState.PREQUAL, LotState.COLLECTING) for lot in tender.lots)
    if tender.state != TenderState.PUBLISHED or not collecting:
        raise Conflict("question.closed", "提问已截止。", "Questions are closed.", rule=RULE)


def answer(actor: Actor, tender: Tender, token: str, reply: Reply, now: dt.datetime) -> Question:
    """The one answer to a question, published to all. Whatever bears on bids needs its time before the deadline (C10, G10)."""
    visibility.check_project(tender, actor)
    actor.take_part(Part.PREPARE)
    found = _find(tender, token)
    if reply.bears_on_bids:
        changes.check_may_change(tender, now)
    text = checked(reply.text, "answer")
    change = (
        update(Question)
        .where(Question.id == found.id, Question.answered_at.is_(None))
        .values(answer=text, answered_at=now, bears_on_bids=reply.bears_on_bids)
    )
    done = db.session.execute(change)
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise Conflict("question.answered", "此问题已答复。", "The question is already answered.", rule=RULE)
    log.append(
        facts.QuestionAnswered(
            tender=tender.code,
            question_sha256=canonical.sha(found.text.encode()),
            answer_sha256=canonical.sha(text.encode()),
        ),
        lot=tender.code,
    )
    if reply.bears_on_bids:
        changing.changed(tender, now)
    if reply.bears_on_bids and not reply.told:
        telling.noted(tender, Said("answer", token, text, canonical.sha(text.encode())), now)
    records.acted(actor, "question.answered", now)
    publishing.queue(tender.code)
    return found


def answered(tender: Tender) -> list[Question]:
    wanted = select(Question).where(Question.tender_id == tender.id, Question.answered_at.is_not(None))
    return list(db.session.scalars(wanted.order_by(Question.answered_at, Question.id)))


def pending(tender: Tender) -> list[Question]:
    """What the owner has to answer, in an order that follows the random token, not the asker's moment."""
    wanted = select(Question).where(Question.tender_id == tender.id, Question.answered_at.is_(None))
    return list(db.session.scalars(wanted.order_by(Question.token)))


def waiting(tender: Tender, token: str) -> Question:
    """A question that has no answer yet."""
    found = _find(tender, token)
    if found.answered_at is not None:
        raise Conflict("question.answered", "此问题已答复。", "The question is already answered.", rule=RULE)
    return found


def _find(tender: Tender, token: str) -> Question:
    found = db.session.scalar(select(Question).where(Question.tender_id == tender.id, Question.token == token))
    if found is None:
        raise NotFound("question.unknown", "没有这个问题。", "There is no such question.", rule=RULE)
    return found


def checked(text: str, field: str) -> str:
    """The text without the space around it; Invalid when it is empty or too long."""
    found = text.strip()
    if not 0 < len(found) <= MAX_TEXT:
        raise Invalid(
            "question.text",
            f"内容为 1 至 {MAX_TEXT} 字。",
            f"The text has 1 to {MAX_TEXT} characters.",
            rule=RULE,
            fields={field: "length"},
        )
    return found
