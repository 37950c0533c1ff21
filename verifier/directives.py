"""Voiding and re-evaluation: each rests on a directive of its own, signed with the supervising authority's key (T29)."""

from __future__ import annotations

from collections.abc import Iterator

from kernel import canonical, keys
from kernel.errors import Words
from supervision import facts, round_facts
from tendering.states import LotEvent
from verifier.case import LotCase
from verifier.claims import Section, one

TYPE = "kaibiao-directive/1"
ACTS = {LotEvent.VOID: "void", LotEvent.REOPEN_EVALUATION: "reopen"}


def directives(lot: LotCase) -> Section[None]:
    """Every directive is signed and says what was logged; every voiding and reopening follows one, and each serves once."""
    given, moved = lot.logged(round_facts.Directive), _moves(lot)
    if not given and not moved:
        return
    faults = [*_unsigned(lot, given), *_undirected(given, moved)]
    said = "、".join(fact.act for _, fact in given)
    yield from one(
        "directives",
        faults,
        Words(
            f"监督指令 {len(given)} 份（{said}），签名有效，理由公开",
            f"{len(given)} directives ({said}), each signed, with reasons",
        ),
    )


def reopened(lot: LotCase) -> int:
    """How often the evaluation was begun again."""
    return sum(event is LotEvent.REOPEN_EVALUATION for _, event in _moves(lot))


def withdrawn(lot: LotCase) -> bool:
    """Whether the last result was withdrawn and none has followed yet."""
    again = [index for index, event in _moves(lot) if event is LotEvent.REOPEN_EVALUATION]
    results = [index for index, _ in lot.logged(facts.ResultPublished)]
    return bool(again) and (not results or results[-1] < again[-1])


def _moves(lot: LotCase) -> list[tuple[int, LotEvent]]:
    moved = [(index, fact.event) for index, fact in lot.logged(facts.StateChanged)]
    return [(index, LotEvent(event)) for index, event in moved if event in {*ACTS}]


def _unsigned(lot: LotCase, given: list[tuple[int, round_facts.Directive]]) -> Iterator[Words]:
    key = keys.parse(lot.keyset.fact_keys.supervisor)
    for index, fact in given:
        content = fact.signed.content(TYPE)
        said = (content["lot"], content["act"], content["law"], canonical.sha(content["reasons"].encode()))
        if not fact.signed.signed_by(key):
            yield Words(
                f"第 {index} 条：指令不是监督机构的密钥所签",
                f"entry {index}: the directive is not signed with the supervising authority's key",
            )
        if said != (lot.code, fact.act, fact.law, fact.reasons_sha256):
            yield Words(
                f"第 {index} 条：所签指令与日志记录不同", f"entry {index}: the authority signed another directive"
            )


def _undirected(given: list[tuple[int, round_facts.Directive]], moved: list[tuple[int, LotEvent]]) -> Iterator[Words]:
    unused = [(index, fact.act) for index, fact in given]
    for index, event in moved:
        found = next((one for one in unused if one[0] < index and one[1] == ACTS[event]), None)
        if found is None:
            yield Words(
                f"第 {index} 条：没有监督机构签署的指令，却“{event}”",
                f"entry {index}: {event} without a signed directive of the supervising authority",
            )
        else:
            unused.remove(found)
