"""How the experts were found: drawn from a list that stood in the log before the root that drew, or named on a ground of the law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluation.draw import rules
from evaluation.draw.rules import Ground
from kernel import canonical, keys
from kernel.errors import Words
from supervision import draw, facts
from supervision.draw_facts import ExpertsAppointed, ExpertsDrawn, ExpertsListed, ExpertsSeated
from tendering.states import LotEvent
from verifier.case import LotCase
from verifier.claims import Section, not_due, one
from verifier.scores import rows
from verifier.source import read_json

TOPIC = "experts"
Listed = list[tuple[int, ExpertsListed]]


def check(lot: LotCase) -> Section[None]:
    """One claim; none where the law asks for no draw and there was none. Final quotes are judged by the team of the first box."""
    if lot.is_final:
        return
    listed: Listed = lot.logged(ExpertsListed)
    appointed = lot.logged(ExpertsAppointed)
    if listed:
        yield from one(TOPIC, _draw_faults(lot, listed), _drawn_words(lot, listed))
    elif appointed:
        ground = appointed[-1][1]
        yield from one(TOPIC, _appointment_faults(lot, ground), _appointed_words(ground))
    elif rules.required(lot.case.pack) is not None and lot.logged(facts.CommitteeFormed):
        yield from one(TOPIC, [_neither()], Words("", ""))
    elif rules.required(lot.case.pack) is not None:
        yield not_due(TOPIC, "尚未抽取评标专家", "no experts are drawn yet")


def _neither() -> Words:
    return Words(
        "评标专家既未随机抽取，也没有直接确定的理由", "the experts were neither drawn nor named on a ground of the law"
    )


def _appointed_words(fact: ExpertsAppointed) -> Words:
    said = next((rules.GROUNDS[one] for one in Ground if one == fact.ground), Words(fact.ground, fact.ground))
    return Words(
        f"评标专家直接确定（{said.zh}），依据 {fact.document}",
        f"the experts were named without a draw ({said.en}) by {fact.document}",
    )


def _appointment_faults(lot: LotCase, fact: ExpertsAppointed) -> Iterator[Words]:
    pack = lot.case.pack
    if rules.required(pack) is not None and len(lot.logged(ExpertsAppointed)) != len(lot.logged(facts.CommitteeFormed)):
        yield _neither()
    lawful = fact.ground in rules.grounds(pack) and fact.document and (fact.consent or not rules.needs_consent(pack))
    if rules.required(pack) is not None and not lawful:
        yield Words("直接确定评标专家没有法定情形", "the experts were named on no ground of the law")


def _drawn_words(lot: LotCase, listed: Listed) -> Words:
    index, first = listed[0]
    if not lot.logged(ExpertsSeated):
        zh, en = f"名单第 {index} 条写入日志，尚未入席", f"the list stands in entry {index}; nobody sits yet"
        return Words(zh, en)
    passed = len(lot.logged(ExpertsSeated)[-1][1].passed)
    return Words(
        f"{len(first.references)} 人名单第 {index} 条写入日志，抽取 {first.seats} 人，越过 {passed} 人，抽取可重演",
        f"a list of {len(first.references)} stands in entry {index}; {first.seats} were drawn, {passed} passed over: "
        "the draw gives them again",
    )


def _draw_faults(lot: LotCase, listed: Listed) -> Iterator[Words]:
    """Each list has its draw, the order says who sits, and the names that are public open the references."""
    if [fact.number for _, fact in listed] != list(range(1, len(listed) + 1)):
        yield Words("名单的编号不连续", "the lists are not numbered one after the other")
    drawn = {fact.number: (index, fact) for index, fact in lot.logged(ExpertsDrawn)}
    if len(drawn) != len(lot.logged(ExpertsDrawn)):
        yield Words("一份名单抽取了两次", "one list was drawn from twice")
    for index, fact in listed:
        if fact.number in drawn:
            yield from _replayed(lot, (index, fact), drawn[fact.number][1])
    yield from _seated_faults(lot, listed, drawn)
    yield from _named_faults(lot)


def _replayed(lot: LotCase, listed: tuple[int, ExpertsListed], made: ExpertsDrawn) -> Iterator[Words]:
    index, fact = listed
    if made.size <= index or keys.unb64(made.root) != lot.book.tree.root(made.size):
        yield Words(
            "抽取所用的检查点不在名单之后，或者不是日志的", "what drew is no root of the log after the list's entry"
        )
    digest = canonical.sha(fact.canonical())
    seed = draw.seed(keys.unb64(made.root), digest)
    drawn = draw.drawn(fact.references, fact.seats, seed)
    if (made.list_sha256, made.seed, made.drawn) != (digest, seed, drawn):
        yield Words("重演抽取得到另外的专家", "the draw, played again, gives others")


def _seated_faults(lot: LotCase, listed: Listed, drawn: Mapping[int, tuple[int, ExpertsDrawn]]) -> Iterator[Words]:
    """Whenever seats were taken: the first of what was drawn by then, without those passed over; under the aliases formed."""
    formed, seats = lot.logged(facts.CommitteeFormed), lot.logged(ExpertsSeated)
    if len(formed) != len(seats):
        yield Words("有评委未按抽取入席", "members were seated without the draw")
    passed: set[str] = set()
    for index, fact in seats:
        made = [(row.references, drawn[row.number]) for _, row in listed if row.number in drawn]
        order = rules.order((references, one.seed) for references, (at, one) in made if at < index)
        gone = {one.reference for one in fact.passed}
        if {one.reference for one in fact.seated} != set(rules.seated(order, gone, listed[0][1].seats)):
            yield Words("入席的不是抽取次序中的前几名", "those who sit are not the first of the order")
        if not passed <= gone:
            yield Words("被越过的专家又入席", "somebody passed over came back")
        passed = gone
        yield from _alias_faults(fact, [row for at, row in formed if at < index][-1:])


def _alias_faults(fact: ExpertsSeated, formed: list[facts.CommitteeFormed]) -> Iterator[Words]:
    aliases = {member.alias for row in formed for member in row.members if member.kind == "expert"}
    if aliases != {one.alias for one in fact.seated}:
        yield Words("评委代号与抽取的不符", "the committee's aliases are not those of the drawn")


def _named_faults(lot: LotCase) -> Iterator[Words]:
    """After the award: each expert's name, with its nonce, is what the reference on the list was made of."""
    if lot.happened(LotEvent.AWARD) is None or not lot.logged(ExpertsSeated):
        return
    sits = {one.alias: one.reference for one in lot.logged(ExpertsSeated)[-1][1].seated}
    for row in rows(read_json(lot.archive, lot.path("committee.json"))["members"]):
        if row["kind"] == "expert" and _opened(lot.code, row) != sits.get(row["alias"]):
            yield Words(
                f"{row['alias']} 公布的姓名不是名单上的人", f"the name told of {row['alias']} is not the one listed"
            )


def _opened(lot: str, row: Mapping[str, Any]) -> str:
    return rules.reference(lot, row["nonce"], row["name"], row["organization"])
