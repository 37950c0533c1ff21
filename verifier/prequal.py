"""Pre-qualification: the law's periods, who moved the time for applications, and that only who passed bids."""

from __future__ import annotations

from collections.abc import Iterator

from kernel import canonical, clock, keys
from kernel.errors import Words
from sealing import certificates
from sealing.roll import Status
from supervision import entries, facts
from supervision.prequal_facts import PrequalMoved, PrequalResult
from supervision.vocabulary import from_json
from tendering.prequal import rules
from tendering.states import LotEvent
from verifier.case import LotCase
from verifier.claims import Section, lie, not_due, one
from verifier.listed import Listed
from verifier.source import find

TOPIC = "prequal"
RESULT = "kaibiao-prequal-result/1"


def before_bids(lot: LotCase) -> bool:
    """Whether no bids were ever taken: applications are taken or reviewed, or it ended there."""
    return rules.by_prequal(lot.case.pack) and lot.happened(LotEvent.QUALIFIED) is None


def issued(lot: LotCase) -> tuple[int, str]:
    """Where in the log, and when, bidders got the documents: with the notice, or with the result of a pre-qualification."""
    for index, fact in lot.logged(facts.StateChanged):
        if fact.event == LotEvent.QUALIFIED:
            return index, fact.at
    index, notice = next(row for row in lot.book.find(facts.NoticePublished) if row[1] == lot.case.fact)
    return index, notice.at


def periods(lot: LotCase) -> Section[None]:
    """The time for applications: as the notice said and the law asks, only ever longer, and ended by the clock."""
    if not rules.by_prequal(lot.case.pack):
        return
    due = lot.told.get("applications_due")
    good = Words(f"申请截止 {due}，符合法定期限", f"applications due {due}, as the law's periods ask")
    yield from one(TOPIC, _period_faults(lot, str(due)), good)


def _period_faults(lot: LotCase, shown: str) -> Iterator[Words]:
    plan = rules.read(lot.case.notice)
    if plan is None:
        yield Words("公告没有写明资格预审", "the notice says nothing of a pre-qualification")
        return
    for fault in rules.obstacles(lot.case.pack, lot.case.notice, clock.parse_rfc3339(lot.case.fact.at)):
        yield Words(fault.zh, fault.en)
    yield from _moved_faults(lot, clock.rfc3339(plan.applications_due), shown)


def _moved_faults(lot: LotCase, standing: str, shown: str) -> Iterator[Words]:
    for index, fact in lot.logged(PrequalMoved):
        if fact.now <= fact.was or fact.was < standing:
            yield Words(f"第 {index} 条提前了申请截止时间", f"entry {index} moves the time for applications earlier")
        standing = fact.now
    if shown < standing:
        yield Words("平台称的申请截止早于日志", "the portal says applications were due earlier than the log does")
    closed = lot.happened(LotEvent.CLOSE_PREQUAL)
    if closed is not None and closed.at < shown:
        yield Words("在申请截止之前停止接收申请", "applications were shut before they were due")


def ended(lot: LotCase) -> Section[None]:
    """What can be said of a lot that never took bids."""
    if lot.happened(LotEvent.TOO_FEW_QUALIFIED) is None:
        yield not_due("roll", "资格预审进行中，尚未接收投标", "a pre-qualification goes on: no bids are taken yet")
        return
    told = [fact for _, fact in lot.logged(facts.TenderFailed)]
    faults = [] if told else [Words("日志中没有失败原因", "failed without a reason in the log")]
    least = rules.least(lot.case.pack)
    good = Words(
        f"通过资格预审的不足 {least.value} 个（{least.cited}）", f"fewer than {least.value} passed: {least.cited}"
    )
    yield from one("failed", faults, good)


def passed(lot: LotCase, found: list[Listed]) -> Section[None]:
    """The result as the owner signed it: enough passed (C08), and every live bid is by one of them (C25)."""
    if not rules.by_prequal(lot.case.pack):
        return
    told = list(_disclosed(lot))
    if not told:
        yield not_due(TOPIC, "通过资格预审的名单在开标前保密", "who passed is secret until the opening")
        return
    if len(told) > 1:
        yield lie(TOPIC, "资格预审结果不止一份", "there is more than one result of the pre-qualification")
        return
    rows = told[0].signed.content(RESULT)["passed"]
    good = Words(
        f"{len(rows)} 个申请人通过资格预审，投标人均在其中", f"{len(rows)} passed, and every bidder is one of them"
    )
    yield from one(TOPIC, [*_result_faults(lot, told[0], len(rows)), *_strangers(rows, found)], good)


def _disclosed(lot: LotCase) -> Iterator[PrequalResult]:
    raw = find(lot.archive, f"lots/{lot.case.fact.tender}/disclosures.json") or b"[]"
    for row in canonical.decode(raw):
        fact = from_json(row["fact"])
        if isinstance(fact, PrequalResult) and fact.lot == lot.code:
            sealed = canonical.encode(row["fact"])
            if not entries.check_disclosure(lot.book.entry(row["index"]), keys.unb64(row["salt"]), sealed):
                raise ValueError(f"entry {row['index']} sealed something else than what is disclosed")
            yield fact


def _result_faults(lot: LotCase, fact: PrequalResult, count: int) -> Iterator[Words]:
    if not fact.signed.signed_by(keys.parse(lot.keyset.fact_keys.owner)):
        yield Words("资格预审结果没有招标人的有效签名", "the result is not signed by the owner's key")
    if fact.signed.content(RESULT)["lot"] != lot.code:
        yield Words("资格预审结果不属于本标段", "the result is of another lot")
    least = rules.least(lot.case.pack)
    if count < least.value:
        yield Words(f"只有 {count} 个通过，应当重新招标", f"only {count} passed: the owner had to tender again")


def _strangers(rows: list[dict[str, object]], found: list[Listed]) -> Iterator[Words]:
    """A consortium's bid is signed by one of its members."""
    codes = {str(code) for row in rows for code in _list(row["codes"])}
    for entry in found:
        if entry.status is Status.LIVE and entry.bidder is not None:
            subject = certificates.subject_of_der(entry.bidder.cert_chain[0])
            if subject.uscc and subject.uscc not in codes:
                yield Words(f"{subject.org} 未通过资格预审却投了标", f"{subject.org} bid without having passed")


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("the codes of a party are a list")
    return value
