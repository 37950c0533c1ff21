"""The terms of a lot: keyset, deadline, and whether the law gave bidders their time (log-and-nodes.md, section 3)."""

from __future__ import annotations

from collections.abc import Iterator

from kernel import canonical, clock, keys
from kernel.errors import Words
from sealing.keyset import Keyset, signature_obstacles
from sealing.wire import WireError
from supervision import facts
from supervision.deadline import Authority, Course
from supervision.vocabulary import Statement
from tendering import timetable
from tendering.statements import ALTERATION
from verifier import moments, prequal
from verifier.case import LotCase, key_of, short
from verifier.claims import Section, holds, lie, not_due, one
from verifier.log import facts_of

LATE_S = 600
"""How much later than its date a quorum may have seen the notice, before the nodes' clocks decide."""

Moved = facts.Timetable | facts.Suspended | facts.Resumed | facts.OutageOrder


def keyset(lot: LotCase) -> Section[bool]:
    """The keyset in force: signed by owner and supervising authority, its trustees the pinned nodes, its hash in the notice."""
    faults = list(_keyset_faults(lot))
    terms = lot.view.terms
    if terms is None or faults:
        return (yield from one("keyset", faults or [_no_keyset()], _no_keyset()))
    stages = ", ".join(f"{stage.name} {stage.t}/{stage.n}" for stage in terms.keyset.stages)
    return (
        yield from one(
            "keyset",
            [],
            Words(
                f"第 {terms.keyset.version} 版 {short(terms.sha256)}，招标人和监督部门签名有效，门限 {stages}",
                f"version {terms.keyset.version}, {short(terms.sha256)}, signed by owner and supervising authority; {stages}",
            ),
        )
    )


def _no_keyset() -> Words:
    return Words("日志中没有有效的密钥集", "the log holds no keyset that counts")


def _keyset_faults(lot: LotCase) -> Iterator[Words]:
    for index, fact in lot.logged(facts.Keyset):
        for fault in _logged_faults(lot, fact):
            yield Words(f"第 {index} 条的密钥集不成立：{fault}", f"the keyset of entry {index}: {fault}")
    yield from _alteration_faults(lot)
    terms = lot.view.terms
    if terms is None:
        return
    noticed = {row["lot"]: row["keyset_sha256"] for row in lot.case.notice["lots"]}
    noticed |= {code: called.keyset_sha256 for code, called in lot.case.finals.items()}
    versions = {canonical.sha(keys.unb64(fact.file)) for _, fact in lot.logged(facts.Keyset)}
    if noticed.get(lot.code) not in versions:
        yield Words("公告中印的密钥集哈希不在日志中", "the keyset hash printed in the notice is not in the log")
    shown = {canonical.sha(keys.unb64(str(lot.told["keyset"])))}
    shown |= {canonical.sha(lot.get("keyset.json"))} if lot.has("keyset.json") else set()
    if shown != {terms.sha256}:
        yield Words(
            "平台给出的密钥集不是日志中生效的那一份", "the portal hands out another keyset than the one in force"
        )


def _alteration_faults(lot: LotCase) -> Iterator[Words]:
    """Each later version that counts goes with a notice of what it changed, signed by the owner."""
    told = [fact.signed for _, fact in lot.logged(facts.TermsAltered)]
    for terms in lot.all_terms[1:]:
        owner = keys.parse(terms.keyset.fact_keys.owner)
        said = [signed.content(ALTERATION) for signed in told if signed.signed_by(owner)]
        if (terms.sha256, terms.keyset.version) not in {(one["keyset_sha256"], one["version"]) for one in said}:
            version = terms.keyset.version
            yield Words(
                f"第 {version} 版条款没有招标人签名的变更公告",
                f"version {version} of the terms came without the owner's signed notice of what changed",
            )


def _logged_faults(lot: LotCase, fact: facts.Keyset) -> list[str]:
    raw = keys.unb64(fact.file)
    try:
        found = Keyset.parse(raw)
    except WireError as error:
        return [str(error)]
    authority = Authority(lot.book.policy, lot.book.policy.platform)
    faults = found.check(authority.trustees) + _agency_faults(lot, found)
    faults += signature_obstacles(found, raw, keys.unb64(fact.sig_owner), keys.unb64(fact.sig_supervisor))
    if not authority.is_node(found.fact_keys.supervisor):
        faults.append("its supervising authority is not a pinned node")
    return faults


def _agency_faults(lot: LotCase, found: Keyset) -> list[str]:
    """The key named for the agency is the agency's own; where the notice names no agency, it is the owner's."""
    if lot.case.fact.agency is None:
        same = found.fact_keys.agency == found.fact_keys.owner
        return [] if same else ["it names a key for an agency, but the notice names no agency"]
    shown = lot.case.told.get("agency_cert")
    if not shown:
        return ["the notice names an agency whose certificate is not published"]
    own = keys.spell(key_of(keys.unb64(str(shown)))) == found.fact_keys.agency != found.fact_keys.owner
    return [] if own else ["the key named for the agency is not the agency's own"]


def deadline(lot: LotCase) -> Section[None]:
    """The deadline the log gives: only ever later, each step signed and cosigned in time; the portal shows the same."""
    faults, void = list[Words](), list[Words]()
    _walk(lot, faults, void)
    effective = lot.view.deadline
    if effective is None:
        yield from one(
            "timetable",
            [*faults, Words("日志中没有有效的时间安排", "the log holds no timetable that counts")],
            _no_keyset(),
        )
        return
    closes, opens = moments.spelled(effective.closes_at), moments.spelled(effective.opens_at)
    if (lot.told["closes_at"], lot.told["opens_at"]) != (closes, opens):
        faults.append(
            Words(
                f"平台称截止时间为 {lot.told['closes_at']}，日志为 {closes}",
                f"the portal says bids close at {lot.told['closes_at']}, the log says {closes}",
            )
        )
    moved = len(lot.logged(facts.Timetable)) - 1
    good = Words(
        f"截止 {closes}，开标 {opens}，顺延 {moved} 次", f"bids close {closes}, open {opens}; extended {moved} times"
    )
    yield from one("timetable", faults, good)
    for words in void:
        yield not_due("timetable", words.zh, words.en)


def _walk(lot: LotCase, faults: list[Words], void: list[Words]) -> None:
    """Each fact that moves the deadline counts, or says why not: too late is void, anything else is a lie."""
    course, by = Course(lot.code), Authority(lot.book.policy, lot.book.policy.platform)
    closed = min(lot.view.boxes.values(), key=lambda box: box.index).index if lot.view.boxes else None
    for index, fact in facts_of(lot.book, lot.code):
        after = course.after(index, fact, by, lot.book.cosigned)
        if isinstance(fact, Moved) and after is course:
            since = lot.book.cosigned.since(index)
            standing = course.deadline
            late = standing is not None and since is not None and since >= standing.closes_at
            reopening = isinstance(fact, facts.OutageOrder)
            (void if late and not reopening else faults).append(_not_counting(index, fact, late=late))
        elif not (isinstance(fact, facts.OutageOrder) and closed is not None and index > closed):
            course = after


def _not_counting(index: int, fact: Statement, *, late: bool) -> Words:
    if late:
        return Words(
            f"第 {index} 条“{fact.kind}”在截止之后才被见证，无效",
            f"{fact.kind} of entry {index} is void: cosigned after the deadline",
        )
    return Words(
        f"第 {index} 条“{fact.kind}”不成立：提前了截止时间，或签名人、时间不对",
        f"{fact.kind} of entry {index} does not count: it moves the deadline earlier, or its signer or moment is wrong",
    )


def law(lot: LotCase) -> Section[None]:
    """The deadline against the pack's periods, from when bidders got the documents."""
    effective = lot.view.deadline
    if effective is None:
        raise ValueError("no timetable counts")
    earliest = timetable.earliest_deadline(lot.case.pack, clock.parse_rfc3339(prequal.issued(lot)[1]))
    timetable.check_deadline(earliest, moments.instant(effective.closes_at))
    when = clock.rfc3339(timetable.whole(earliest.at))
    yield holds(
        "law",
        f"截止时间不早于法定最早 {when}（{earliest.rule.cited}）",
        f"the deadline is not before {when}, the earliest that {earliest.rule.cited} allows",
    )
    if effective.closes_at != effective.opens_at:
        yield lie("law", "开标时间与投标截止时间不一致", "bids are not opened at the moment of the deadline")
    yield from _dated(lot, effective.closes_at)


def _dated(lot: LotCase, closes_at: int) -> Section[None]:
    """A notice dated back would give bidders less time than the law; the nodes' clocks tell."""
    index, dated = prequal.issued(lot)
    since = lot.book.cosigned.since(index)
    if since is None or since - moments.seconds(dated) <= LATE_S:
        return
    seen = moments.spelled(since)
    if timetable.earliest_deadline(lot.case.pack, moments.instant(since)).at > moments.instant(closes_at):
        yield lie(
            "law",
            f"公告或者预审结果写明 {dated} 发布，节点 {seen} 才见到：投标人的时间少于法定",
            f"the notice (or the result of the pre-qualification) is dated {dated}, but no quorum saw it before {seen}: bidders had less time than the law gives",
        )
