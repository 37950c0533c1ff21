"""Government procurement: who was found qualified before anybody evaluated, by whose signature, and that they were enough (G21)."""

from __future__ import annotations

from collections.abc import Iterator

from evaluation.qualification import rules
from evaluation.qualification.rules import Review
from kernel import keys
from kernel.errors import Refusal, Words
from supervision import facts
from supervision.review_facts import QualificationReviewed
from tendering.packs import Rule
from tendering.states import LotEvent
from verifier.case import LotCase
from verifier.claims import Section, lie, not_due, one
from verifier.opening import Read
from verifier.receipts import Disclosed

TOPIC = "qualification"


def failed(lot: LotCase) -> bool:
    """Whether the lot ended because too few were found qualified after its opening."""
    return lot.happened(LotEvent.END_OPENING) is not None and lot.happened(LotEvent.TOO_FEW_QUALIFIED) is not None


def review(lot: LotCase, read: list[Read], disclosed: list[Disclosed]) -> Section[frozenset[str]]:
    """The bids that were turned away; a lot whose pack knows no such review has none."""
    rule = rules.rule_of(lot.case.pack)
    if rule is None:
        return frozenset()
    found = [one for one in disclosed if isinstance(one.fact, QualificationReviewed)]
    if not found and lot.happened(LotEvent.AWARD) is None and not failed(lot):
        yield not_due(TOPIC, "资格审查结果在定标或者废标后公开", "who was found qualified is shown with the award")
        return frozenset()
    if len(found) != 1 or not isinstance(found[0].fact, QualificationReviewed):
        yield lie(
            TOPIC, f"应有一份资格审查结果，日志中有 {len(found)} 份", f"the log shows {len(found)} reviews, not one"
        )
        return frozenset()
    given = rules.read(found[0].fact.signed.raw)
    good = Words(
        f"{len(given.qualified)} / {len(given.findings)} 家合格，评审前签署",
        f"{len(given.qualified)} of {len(given.findings)} qualified, signed before the evaluation",
    )
    yield from one(
        TOPIC, [*_faults(lot, rule, given, found[0].fact), *_course(lot, rule, given, found[0].index, read)], good
    )
    return frozenset(row.bid_id for row in given.findings if not row.qualified)


def _faults(lot: LotCase, rule: Rule, given: Review, fact: QualificationReviewed) -> Iterator[Words]:
    key = lot.keyset.fact_keys.owner if given.by == "owner" else lot.keyset.fact_keys.agency
    if given.lot != lot.code or not fact.signed.signed_by(keys.parse(key)):
        yield Words("资格审查结果没有采购人或者代理机构的有效签名", "the review is not signed by purchaser or agency")
    if rules.enough(rule, given) == failed(lot):
        yield Words(
            f"{len(given.qualified)} 家合格，后续处理与 {rule.cited} 不符",
            f"{len(given.qualified)} were qualified: that is not how {rule.cited} goes on",
        )


def _course(lot: LotCase, rule: Rule, given: Review, index: int, read: list[Read]) -> Iterator[Words]:
    """Of every bid that was read out and whose documents opened, and before the evaluation began."""
    opened = {fact.bid_id for _, fact in lot.logged(facts.DocsOpened) if fact.sha256 is not None}
    try:
        rules.check(rule, given, {row.bid_id for row in read if row.sheet is not None} & opened)
    except Refusal as refusal:
        yield refusal.words
    began = [at for at, fact in lot.logged(facts.StateChanged) if fact.event == LotEvent.START_EVALUATION]
    if began and began[0] < index:
        yield Words("资格审查结果晚于评审开始", "the evaluation began before the review was signed")
