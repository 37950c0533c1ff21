"""The result computed again from the signed sheets, and the award against rank, publicity and signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaluation import spec
from evaluation.methods.evaluate import evaluate
from evaluation.prices import Bid
from evaluation.result import Competition, Result
from evaluation.sheets import Sheet
from evaluation.spec import MethodSpec
from kernel import canonical, clock, keys
from kernel.errors import Words
from kernel.statements import Signed
from supervision import facts
from tendering import award_limit, rules, timetable
from tendering.packs import Kind, Pack
from tendering.statements import AWARD
from tendering.states import CLOCK, DECIDED, LotEvent
from verifier import arithmetic, contracts, directives, moments
from verifier.case import LotCase, short
from verifier.claims import Section, holds, lie, not_due, one
from verifier.opening import Read
from verifier.source import find


def method(lot: LotCase) -> Section[MethodSpec | None]:
    """The method object is the one whose hash stands in the notice."""
    noticed = {row.lot: row.method_sha256 for row in lot.case.fact.lots}[lot.first]
    shown = [keys.unb64(str(lot.told["method"]))]
    published = find(lot.archive, lot.path("method.json"))
    if published is not None:
        shown.append(published)
    if any(canonical.sha(raw) != noticed for raw in shown):
        yield lie(
            "method",
            f"评标办法不是公告所定的 {short(noticed)}",
            f"the evaluation method is not the one of the notice, {short(noticed)}",
        )
        return None
    found = spec.parse(shown[0])
    yield holds(
        "method",
        f"{found.id.value}，哈希 {short(noticed)} 与公告一致",
        f"{found.id.value}, hash {short(noticed)} as in the notice",
    )
    return found


def result(
    lot: LotCase, method_spec: MethodSpec | None, read: list[Read], scored: list[Sheet] | None
) -> Section[Mapping[str, Any] | None]:
    """The published result is, byte for byte, what method, opened prices and signed sheets give."""
    logged = lot.logged(facts.ResultPublished)
    if not logged:
        yield not_due("result", "评审结果尚未产生", "there is no result yet")
        return None
    if directives.withdrawn(lot):
        yield not_due("result", "结果已由监督机构责令撤回，重新评审中", "withdrawn by directive: evaluated again")
        return None
    raw, fact = lot.get("result.json"), logged[-1][1]
    told: Mapping[str, Any] = canonical.decode(raw)
    faults = list(_logged_faults(raw, told, fact))
    if len(logged) > 1 + directives.reopened(lot):
        faults.append(Words(f"日志中有 {len(logged)} 个结果", f"the log holds {len(logged)} results"))
    recomputed = method_spec is not None and scored is not None
    if method_spec is not None and scored is not None:
        again = evaluate(method_spec, arithmetic.corrected(priced(lot, read), told), scored, _argued(told))
        faults += _computed_faults(lot, raw, again.file(lot.code))
        faults += _argument_faults(lot, again)
    first = ", ".join(short(row["bid_id"]) for row in told["ranking"] if row["rank"] == 1) or "—"
    if recomputed or faults:
        yield from one(
            "result",
            faults,
            Words(
                f"{short(fact.result_sha256)}，由评分表逐项重新计算得出，第一名 {first}",
                f"{short(fact.result_sha256)}, computed again from prices and sheets, byte for byte; first: {first}",
            ),
        )
    else:
        yield not_due(
            "result",
            f"{short(fact.result_sha256)} 与日志一致；评分表公开后方能重新计算",
            f"{short(fact.result_sha256)} as logged; computed again once the sheets are public",
        )
    return told


def _argued(told: Mapping[str, Any]) -> Competition | None:
    said = told.get("competition")
    return None if said is None else Competition(said["text"], said["reject_all"], tuple(said["by"]))


def _argument_faults(lot: LotCase, again: Result) -> Iterator[Words]:
    """C46: too few bids left are argued about, by a majority, and nothing else is."""
    pack, argued = lot.case.pack, again.competition
    valid = sum(one.ground is None for one in again.verdicts)
    owed = bool(pack.find(Kind.REQUIRED, "competition_argument")) and 0 < valid < pack.min_bids.value
    if owed != (argued is not None):
        yield Words("有效投标不足时的竞争性论证缺失或者多余", "the argument about competition is missing, or not due")
    if argued is not None and 2 * len(set(argued.by) & set(lot.view.members)) <= len(lot.view.members):
        yield Words("竞争性论证没有经过半数评委同意", "the argument about competition was not carried by a majority")


def _logged_faults(raw: bytes, told: Mapping[str, Any], fact: facts.ResultPublished) -> Iterator[Words]:
    if canonical.sha(raw) != fact.result_sha256:
        yield Words("公布的结果与日志中的哈希不符", "the published result is not the one whose hash was logged")
    shown = [(row["bid_id"], row["rank"], row["total"]) for row in told["ranking"]]
    if shown != [(place.bid_id, place.rank, place.total) for place in fact.ranking]:
        yield Words("公布的名次与日志不符", "the published ranking is not the one logged")


def _computed_faults(lot: LotCase, raw: bytes, computed: bytes) -> Iterator[Words]:
    if raw == computed:
        return
    here = [(row["rank"], short(row["bid_id"]), row["total"]) for row in canonical.decode(computed)["ranking"]]
    yield Words(
        f"{lot.code} 的结果与按评分表重新计算的不同，应为 {here}", f"the result is not what the sheets give: {here}"
    )


def priced(lot: LotCase, read: list[Read]) -> list[Bid]:
    """The bids that the committee judged: read out, and their documents opened."""
    opened = {fact.bid_id for _, fact in lot.logged(facts.DocsOpened) if fact.sha256 is not None}
    # Behind final quotes stand the responses of the first box, which were opened or their suppliers would not stay.
    judged = [one_bid for one_bid in read if one_bid.sheet is not None and (lot.is_final or one_bid.bid_id in opened)]
    return [
        Bid(
            one_bid.bid_id, one_bid.sheet.price, one_bid.sheet.items.get("enterprise"), one_bid.sheet.items.get("brand")
        )
        for one_bid in judged
        if one_bid.sheet is not None
    ]


def publicity(lot: LotCase) -> Section[None]:
    """The candidates stood on public view for the law's time before anybody was chosen."""
    begun, logged = lot.happened(LotEvent.START_PUBLICITY), lot.logged(facts.PublicityStarted)
    if begun is None or not logged or directives.withdrawn(lot):
        yield not_due("publicity", "尚未公示", "no candidates are on public view yet")
        return
    ends = logged[-1][1].ends_at
    least = timetable.publicity_until(lot.case.pack, clock.parse_rfc3339(begun.at))
    faults = list[Words]()
    if clock.parse_rfc3339(ends) < least.at:
        faults.append(
            Words(
                f"公示期至 {ends}，短于 {least.rule.cited} 的要求",
                f"publicity ends {ends}, sooner than {least.rule.cited} allows",
            )
        )
    faults += _awarded_early(lot, ends)
    yield from one(
        "publicity",
        faults,
        Words(f"{begun.at} 至 {ends}，符合 {least.rule.cited}", f"{begun.at} to {ends}, as {least.rule.cited} asks"),
    )


def _awarded_early(lot: LotCase, ends: str) -> Iterator[Words]:
    """By the award's own date, and by the nodes' clocks, which saw it in the log. Dates are cut and the end is rounded up."""
    chosen, logged = lot.happened(LotEvent.AWARD), lot.logged(facts.Award)
    until = moments.seconds(ends) - 1
    if chosen is not None and moments.seconds(chosen.at) < until:
        yield Words(
            f"公示至 {ends}，却于 {chosen.at} 定标", f"awarded at {chosen.at}, although publicity ran until {ends}"
        )
    since = lot.book.cosigned.since(logged[0][0]) if logged else None
    if since is not None and since < until:
        seen = moments.spelled(since)
        yield Words(
            f"公示至 {ends}，节点 {seen} 已见到定标",
            f"the nodes saw the award by {seen}, although publicity ran until {ends}",
        )


def award(lot: LotCase, told: Mapping[str, Any] | None, read: list[Read]) -> Section[None]:
    """The winner is the first in rank who has not given up, at the price that was sealed, chosen by the owner's signature."""
    logged = lot.logged(facts.Award)
    if not logged:
        yield not_due("award", "尚未定标", "no award yet")
        return
    if contracts.undone(lot):
        words = Words("已取消中标，尚未另行确定中标人", "the award was undone, and no other made since")
        yield from one("award", contracts.succession_faults(lot), words)
        return
    fact = logged[-1][1]
    candidates: Sequence[Mapping[str, Any]] = lot.told["candidates"] or []
    ranking = [] if told is None else list(told["ranking"])
    prices = arithmetic.prices(lot, read, told)
    faults = [*_candidate_faults(lot.case.pack, candidates, ranking, (read, prices))]
    faults += _winner_faults(lot, fact, read, prices)
    faults += contracts.succession_faults(lot)
    _check_rank(lot, fact.bid_id, [row["bid_id"] for row in candidates])
    given_up = dict(lot.told["given_up"] or {})
    words = Words(
        f"{fact.bidder}，{fact.price} 元，排名和签名无误", f"{fact.bidder} at CNY {fact.price}, in rank order"
    )
    if given_up:
        words = Words(
            f"{words.zh}（平台称放弃中标：{given_up}）", f"{words.en} (the portal says these gave up: {given_up})"
        )
    yield from one("award", faults, words)


def _check_rank(lot: LotCase, bid_id: str, ranked: list[str]) -> None:
    """Refused as the platform should have refused it; only an owner of private money may choose freely."""
    free = lot.case.fact.trade == "construction" and not lot.case.notice.get("state_funded", True)
    passed = _passed_over(lot, bid_id)
    given_up = ranked if free else [*(lot.told["given_up"] or {}), *passed]
    rules.check_rank(lot.case.pack, ranked, bid_id, given_up)


def _passed_over(lot: LotCase, bid_id: str) -> list[str]:
    """Whom the signed notice's limit on lots bars, by the awards logged before; refused as the platform should have."""
    limit = award_limit.Limit.of_notice(lot.case.notice)
    if limit is None:
        return []
    at = lot.logged(facts.Award)[-1][0]
    winners = {code: won for code in limit.before(lot.code) if (won := _won(lot, code, at)) is not None}
    passed = award_limit.passed_over(lot.told["candidates"] or [], limit.full(lot.code, winners))
    award_limit.check_not_full(bid_id, passed, limit.most)
    return passed


def _won(lot: LotCase, code: str, at: int) -> str | None:
    """Who held that lot when entry `at` was logged."""
    awards = [fact.bidder for index, fact in lot.book.find(facts.Award, code) if index < at]
    states = [fact.now for index, fact in lot.book.find(facts.StateChanged, code) if index < at]
    return awards[-1] if awards and states and states[-1] in DECIDED else None


def _candidate_faults(
    pack: Pack,
    candidates: Sequence[Mapping[str, Any]],
    ranking: Sequence[Mapping[str, Any]],
    opened: tuple[list[Read], Mapping[str, str]],
) -> Iterator[Words]:
    """As many as the law names, the best in rank first; who among equals goes first is the owner's to say."""
    rank = {row["bid_id"]: row["rank"] for row in ranking}
    order = [rank.get(row["bid_id"], 0) for row in candidates]
    named = {row["bid_id"] for row in candidates}
    if order != rules.candidates_of(pack, sorted(rank.values())) or len(named) != len(candidates):
        yield Words("公示的候选人顺序与评审结果不符", "the candidates on view are not in the order of the result")
    read, prices = opened
    sealed = {one_bid.bid_id: one_bid for one_bid in read}
    for row in candidates:
        if not _is_sealed(row, sealed.get(row["bid_id"]), prices):
            yield Words(
                f"候选人 {row['bidder']} 的报价或投标与开标不符",
                f"the candidate {row['bidder']} stands with another price or bid than opened",
            )


def _is_sealed(row: Mapping[str, Any], read: Read | None, prices: Mapping[str, str]) -> bool:
    """As it was sealed; of the price, what the bidder is held to after a confirmed correction."""
    if read is None or read.sheet is None or read.bid_id not in prices:
        return False
    said = (read.manifest_sha256, read.sheet.header.bidder, prices[read.bid_id])
    return (row["manifest_sha256"], row["bidder"], row["price"]) == said


def _winner_faults(lot: LotCase, fact: facts.Award, read: list[Read], prices: Mapping[str, str]) -> Iterator[Words]:
    winner = {
        "bid_id": fact.bid_id,
        "manifest_sha256": fact.manifest_sha256,
        "bidder": fact.bidder,
        "price": fact.price,
    }
    found = [one_bid for one_bid in read if one_bid.bid_id == fact.bid_id]
    if not found or not _is_sealed(winner, found[0], prices):
        yield Words("中标人、中标价与密封的投标不符", "the award names another bidder or price than was sealed")
    if lot.told["awarded_bid"] != fact.bid_id:
        yield Words("平台显示的中标人与日志不同", "the portal shows another winner than the log")
    moved = lot.happened(LotEvent.AWARD)
    if moved is not None and moved.role == CLOCK:
        yield from _deemed_faults(lot, moved)
        return
    signed = None if lot.told["award"] is None else Signed.from_json(lot.told["award"])
    if signed is None or not signed.signed_by(keys.parse(lot.keyset.fact_keys.owner)):
        yield Words("定标没有招标人的有效签名", "the award is not signed by the owner's key")
    elif signed.content(AWARD) != {"type": AWARD, "lot": lot.code, **winner}:
        yield Words("招标人签署的是另一定标", "the owner signed another award")


def _deemed_faults(lot: LotCase, moved: facts.StateChanged) -> Iterator[Words]:
    """Nobody signed: only where, and only after, the law takes the owner's silence for the first-ranked."""
    begun = lot.happened(LotEvent.START_PUBLICITY)
    due = None if begun is None else timetable.decide_by(lot.case.pack, clock.parse_rfc3339(begun.at))
    if due is None or clock.parse_rfc3339(moved.at) < due.at:
        yield Words("无人签署定标，且法定视同确定的期限未到", "nobody signed the award, and no law had chosen yet")
