"""Negotiation: changes the purchaser signed, a record every member signed, and a second box for those who stay (N04, N05, N09)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluation.negotiation import rules
from evaluation.negotiation.rules import Standing
from kernel import canonical, keys
from kernel.errors import Words
from kernel.statements import Signed
from supervision import facts
from supervision.lotview import LotView
from supervision.negotiation_facts import NegotiationClosed, QuotesCalled, RequirementsChanged
from tendering.quotes import rules as quoting
from verifier import moments
from verifier.case import Case, LotCase
from verifier.claims import Section, not_due, one

TOPIC = "negotiation"


def changes(lot: LotCase) -> Section[None]:
    """Each change of the requirements is the purchaser's signed word, numbered without gaps."""
    logged = lot.logged(RequirementsChanged)
    owner, faults = keys.parse(lot.keyset.fact_keys.owner), list[Words]()
    for number, (index, fact) in enumerate(logged, 1):
        said = canonical.decode(fact.signed.raw)
        right = (said["type"], said["lot"], said["number"]) == (rules.REQUIREMENTS, lot.code, number)
        if not right or not fact.signed.signed_by(owner):
            faults.append(
                Words(
                    f"第 {index} 条的变动不是采购人所签", f"the change of entry {index} is not signed by the purchaser"
                )
            )
    words = Words(
        f"实质性变动 {len(logged)} 次，均由采购人签署",
        f"{len(logged)} changes of substance, each signed by the purchaser",
    )
    yield from one("requirements", faults, words)


def closed(lot: LotCase) -> Section[None]:
    """The record that ended the negotiation: by every member, of every response, and with enough who stay."""
    logged = lot.logged(NegotiationClosed)
    if not logged:
        yield not_due(TOPIC, "谈判（磋商）尚未结束", "the negotiation has not ended")
        return
    index, fact = logged[-1]
    said: Mapping[str, Any] = canonical.decode(keys.unb64(fact.signatures[0].file))
    staying = [row for row in said["suppliers"] if row["standing"] == Standing.STAYS]
    faults = [
        *_signature_faults(lot.view, fact),
        *_content_faults(lot, said, index),
        *_ending_faults(lot, fact, len(staying)),
    ]
    words = Words(
        f"{len(said['suppliers'])} 家参加，{len(staying)} 家继续，记录由小组 {len(fact.signatures)} 人全体签署",
        f"{len(said['suppliers'])} took part, {len(staying)} stay; the record is signed by all {len(fact.signatures)} of the team",
    )
    yield from one(TOPIC, faults, words)


def _signature_faults(view: LotView, fact: NegotiationClosed) -> Iterator[Words]:
    files = {signing.file for signing in fact.signatures}
    signed = {
        signing.by
        for signing in fact.signatures
        if (key := view.members.get(signing.by)) is not None
        and Signed(keys.unb64(signing.file), keys.unb64(signing.sig)).signed_by(keys.parse(key))
    }
    if len(files) != 1 or signed != set(view.members):
        yield Words(
            "记录没有小组全体成员对同一内容的签名", "the record is not signed in the same words by every member"
        )


def _content_faults(lot: LotCase, said: Mapping[str, Any], index: int) -> Iterator[Words]:
    if (said["type"], said["lot"]) != (rules.RECORD, lot.code):
        yield Words("小组签署的是另一份记录", "the team signed another record")
    opened = {fact.bid_id for _, fact in lot.logged(facts.DocsOpened) if fact.sha256 is not None}
    if {row["bid_id"] for row in said["suppliers"]} != opened:
        yield Words("记录所列供应商与开启的响应不符", "the record names other suppliers than responses were opened")
    if said["requirements_sha256"] != _requirements(lot.case, lot.code, index):
        yield Words(
            "记录所指的最终要求与文件和变动不符", "the record names other requirements than documents and changes make"
        )


def _requirements(case: Case, code: str, index: int) -> str:
    """As the documents and changes logged before the record make them."""
    documents = [one.sha256 for one in case.fact.documents]
    documents += [
        fact.sha256
        for at, fact in case.book.find(facts.DocumentAdded)
        if at < index and fact.tender == case.fact.tender
    ]
    told = [canonical.sha(fact.signed.raw) for at, fact in case.book.find(RequirementsChanged, code) if at < index]
    return rules.requirements(documents, told)


def _ending_faults(lot: LotCase, fact: NegotiationClosed, staying: int) -> Iterator[Words]:
    least = quoting.least(lot.case.pack, lot.case.notice, final=True)
    if (staying >= least.value) != (fact.final_lot is not None):
        yield Words(
            f"{staying} 家继续，法律要求 {least.value} 家，结果与此不符",
            f"{staying} stay and the law asks for {least.value}: it did not end accordingly",
        )
    called = lot.case.finals.get(fact.final_lot or "")
    if called is not None and called.lot != lot.code:
        yield Words("最后报价箱属于另一标段", "the final box belongs to another lot")


def quotes(lot: LotCase) -> Section[None]:
    """A final box: called after the record, open as long as the team said, judged by the same team, no more quotes than suppliers stay."""
    called = lot.case.finals[lot.code]
    logged = [row for row in lot.book.find(NegotiationClosed, called.lot) if row[1].final_lot == lot.code]
    if not logged or lot.view.deadline is None:
        yield from one(
            "quotes", [Words("日志中没有转入最后报价的记录", "no record in the log leads to this box")], Words("", "")
        )
        return
    said: Mapping[str, Any] = canonical.decode(keys.unb64(logged[-1][1].signatures[0].file))
    faults = list(_time_faults(lot, called, said))
    staying = sum(row["standing"] == Standing.STAYS for row in said["suppliers"])
    box = lot.view.box
    live = 0 if box is None else sum(bid.status == "live" for bid in box.fact.bids)
    if live > staying:
        yield from one(
            "quotes",
            [Words(f"{staying} 家继续，却有 {live} 份报价", f"{staying} stay, but {live} quoted")],
            Words("", ""),
        )
        return
    faults += _team_faults(lot, called)
    yield from one(
        "quotes",
        faults,
        Words(
            f"{staying} 家可以报价，时间不少于 {said['quote_seconds']} 秒",
            f"{staying} may quote, for at least {said['quote_seconds']} s",
        ),
    )


def _time_faults(lot: LotCase, called: QuotesCalled, said: Mapping[str, Any]) -> Iterator[Words]:
    assert lot.view.deadline is not None
    given = lot.view.deadline.closes_at - moments.seconds(called.at)
    if given < int(said["quote_seconds"]):
        yield Words(f"最后报价时间只有 {given} 秒", f"quotes had {given} s, less than the team gave")


def _team_faults(lot: LotCase, called: QuotesCalled) -> Iterator[Words]:
    """By alias and key, as the log named the team of the negotiation."""
    formed = [fact for _, fact in lot.book.find(facts.CommitteeFormed, called.lot)]
    team = {member.alias: member.sign_key for member in formed[-1].members} if formed else {}
    if lot.view.members and lot.view.members != team:
        yield Words(
            "评审最后报价的不是原谈判（磋商）小组",
            "the final quotes are judged by others than the team of the negotiation",
        )
