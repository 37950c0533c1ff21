"""The cut and the closes: when the box was shut, and who vouches that the roll is whole (sealing.md 1.4)."""

from __future__ import annotations

from collections.abc import Iterator

from kernel.errors import Words
from sealing.roll import Close
from supervision import facts
from tendering.states import LotEvent
from verifier import moments
from verifier.case import LotCase
from verifier.claims import Section, not_due, one


def cut(lot: LotCase) -> Section[bool]:
    """The box: announced once, against a checkpoint that a quorum cosigned within cut_grace after the deadline."""
    logged, deadline = lot.logged(facts.BoxClosed), lot.view.deadline
    if not logged and lot.happened(LotEvent.CLOSE) is None:
        yield not_due("cut", "尚未截止", "bids have not closed yet")
        return False
    if not logged or deadline is None:
        yield not_due("cut", "投标已截止，名册尚未公布", "closed; the roll is not announced yet")
        return False
    grace = lot.keyset.cut_grace
    standing = {box.index for box in lot.view.boxes.values()}
    faults = [_no_cut(index, fact, deadline.closes_at, grace) for index, fact in logged if index not in standing]
    times = [] if lot.view.box is None else sorted(time for _, time in lot.view.box.cut.times)
    when = f"{moments.spelled(times[0])} … {moments.spelled(times[-1])}" if times else ""
    size = logged[0][1].cut_size
    good = Words(
        f"日志 {size} 条处截取，法定数节点见证于 {when}",
        f"at {size} entries, cosigned by a quorum {when}, within {grace} s of the deadline",
    )
    return (yield from one("cut", faults, good))


def _no_cut(index: int, fact: facts.BoxClosed, closes_at: int, grace: int) -> Words:
    when = moments.spelled(closes_at)
    return Words(
        f"第 {index} 条封箱公告不成立：{when} 起 {grace} 秒内没有法定数节点见证的 {fact.cut_size} 条检查点",
        f"box.closed of entry {index} does not count: no quorum cosigned a tree of {fact.cut_size} within {grace} s of {when}",
    )


def closes(lot: LotCase) -> Section[bool]:
    """As many trustees as it takes closed on exactly this roll, each in the log and signed by its pinned key."""
    box = lot.view.box
    if box is None:
        yield not_due("closes", "名册尚未公布", "no roll is announced yet")
        return False
    counted, t = lot.view.closes_of(box), lot.view.threshold
    faults = list(_close_faults(lot, len(counted), t))
    if not faults and len(counted) < t:
        yield not_due("closes", f"{len(counted)} / {t}", f"{len(counted)} of {t} so far")
        return False
    bad = sum(len(said.close.bad) for said in counted.values())
    good = Words(
        f"{len(counted)} 个节点对此名册封箱（须 {t} 个），指出坏份额 {bad} 处",
        f"{len(counted)} trustees closed on this roll ({t} needed), {bad} lines called bad",
    )
    return (yield from one("closes", faults, good))


def _close_faults(lot: LotCase, counted: int, t: int) -> Iterator[Words]:
    """Whatever stands in the log as a close is its node's, on a roll that was announced, and of the time after the deadline."""
    for index, fact in lot.logged(facts.Close):
        said, witness = Close.read(fact.signed), lot.book.policy.witnesses.get(fact.node)
        if witness is None or not fact.signed.signed_by(witness.verifier.key):
            yield Words(
                f"第 {index} 条：{fact.node} 的封箱声明不是它签的",
                f"entry {index}: the close of {fact.node} is not signed by it",
            )
        if (said.lot, said.seq, said.root, said.count) not in _announced(lot):
            yield Words(
                f"第 {index} 条：{fact.node} 对别的名册封箱",
                f"entry {index}: the close of {fact.node} is on a roll that was never announced",
            )
        if moments.seconds(said.time) < _closes_at(lot):
            yield Words(
                f"第 {index} 条：{fact.node} 的封箱声明早于截止时间",
                f"entry {index}: the close of {fact.node} is dated before the deadline",
            )
    if counted < t and lot.happened(LotEvent.START_OPENING) is not None:
        yield Words(f"只有 {counted} 个节点封箱，不足 {t} 个，却已开标", f"opened with {counted} closes of {t}")


def _announced(lot: LotCase) -> set[tuple[str, int, str, int]]:
    return {(fact.lot, fact.seq, fact.root, fact.count) for _, fact in lot.logged(facts.BoxClosed)}


def _closes_at(lot: LotCase) -> int:
    return 0 if lot.view.deadline is None else lot.view.deadline.closes_at
