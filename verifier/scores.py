"""The evaluation's papers: the committee, what it admitted, the documents' outcome, and each signed score sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluation import composition, heads, sheets
from evaluation.composition import SeatKind
from evaluation.heads import Head
from evaluation.sheets import Sheet
from kernel import canonical, keys, money
from kernel.errors import Refusal, Words
from kernel.statements import Signed
from supervision import facts
from supervision.review_facts import ClarificationAnswered, ClarificationAsked
from tendering.states import LotEvent
from verifier.case import LotCase, key_of, short
from verifier.claims import Section, not_due, one
from verifier.receipts import Disclosed
from verifier.release import public
from verifier.source import find, read_json


def committee(lot: LotCase) -> Section[bool]:
    """The members that the log names, by alias and key; the list shows no others, and they are as many as the law asks for."""
    if not lot.view.members:
        yield not_due("committee", "尚未组建评标委员会", "no committee is formed yet")
        return False
    told = read_json(lot.archive, lot.path("committee.json"))
    shown = {row["alias"]: row["sign_key"] for row in rows(told["members"])}
    faults = (
        []
        if shown == lot.view.members
        else [Words("公布的评委与日志不符", "the published committee is not the one logged")]
    )
    faults += _too_few(lot)
    aliases = ", ".join(sorted(shown))
    return (yield from one("committee", faults, Words(f"评委 {aliases}，与日志一致", f"{aliases}, as logged")))


def _too_few(lot: LotCase) -> list[Words]:
    """C36, G23, N01, L08: by the budget that the notice published."""
    ceilings = [None if one.ceiling is None else money.parse(one.ceiling) for one in lot.case.fact.lots]
    formed = lot.logged(facts.CommitteeFormed)[-1][1]
    try:
        composition.check(
            lot.case.pack, composition.budget(ceilings), [SeatKind(member.kind) for member in formed.members]
        )
    except Refusal as refusal:
        return [refusal.words]
    return []


def rows(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def documents(lot: LotCase) -> Section[None]:
    """The evaluation's stages were admitted by every member; what opened is what the log says."""
    for stage in lot.keyset.stages:
        if public(stage):
            continue
        admitted = any(fact.stage == stage.name for _, fact in lot.logged(facts.StageAdmitted))
        # First responses are admitted with the close; they are opened only for a team that sits.
        if not admitted or (lot.keyset.for_evaluation and not lot.view.members):
            yield not_due("docs", f"{stage.name}：尚未准入", f"{stage.name}: not admitted yet")
            continue
        opened = {fact.bid_id: (fact.result, fact.sha256) for _, fact in lot.logged(facts.DocsOpened)}
        good = Words(
            f"{stage.name}：全体评委签名准入，{len(opened)} 份已开启",
            f"{stage.name}: admitted by every member, {len(opened)} opened",
        )
        if lot.keyset.for_evaluation:
            good = Words(
                f"{stage.name}：只向小组开启 {len(opened)} 份，内容不公开",
                f"{stage.name}: {len(opened)} opened for the team alone, never in public",
            )
        yield from one("docs", _document_faults(lot, stage.name, opened), good)


def _document_faults(lot: LotCase, stage: str, opened: Mapping[str, tuple[str, str | None]]) -> Iterator[Words]:
    if stage not in lot.view.admissions:
        yield Words(f"{stage}：准入没有全体评委签名", f"{stage}: admitted without the signature of every member")
    admitted = set(lot.view.admissions[stage].bids) if stage in lot.view.admissions else opened.keys()
    if opened.keys() - admitted or (lot.logged(facts.ResultPublished) and admitted - opened.keys()):
        yield Words(
            f"{stage}：开启的不是准入的投标", f"{stage}: other bids were opened for the committee than admitted"
        )
    told = rows(read_json(lot.archive, lot.path("docs.json"))["bids"])
    if {row["bid_id"]: (row["result"], row["sha256"]) for row in told} != opened:
        yield Words("公布的文件开启结果与日志不符", "the published outcome of the documents is not the one logged")


def score_sheets(lot: LotCase, disclosed: list[Disclosed]) -> Section[list[Sheet] | None]:
    """Each member's sheet: signed by the seat's key, sealed in the log before the result; the last one sealed counts."""
    if lot.happened(LotEvent.AWARD) is None:
        yield not_due("scores", "评分表在定标后公开", "score sheets become public with the award")
        return None
    found, faults = list[Sheet](), list[Words]()
    for alias, sign_key in sorted(lot.view.members.items()):
        raw = find(lot.archive, lot.path(f"scores/{alias}.json"))
        if raw is None:
            faults.append(Words(f"缺少 {alias} 的评分表", f"the sheet of {alias} is missing"))
            continue
        told = canonical.decode(raw)
        faults += _sheet_faults(alias, sign_key, told, _sealed(lot, alias, disclosed))
        found.append(sheets.parse(keys.unb64(told["file"])))
    faults += _rejection_faults(lot, found, disclosed)
    held = yield from one(
        "scores",
        faults,
        Words(
            f"{len(found)} 份评分表签名有效，均早已封存在日志中",
            f"{len(found)} sheets, each signed by its seat and sealed in the log before the result",
        ),
    )
    return found if held else None


def _rejection_faults(lot: LotCase, found: list[Sheet], disclosed: list[Disclosed]) -> Iterator[Words]:
    """C43, C45: on no other heads than the law's, and for a low price only after the bidder was asked and had its time."""
    lawful, heard = heads.lawful(lot.case.pack.trade), _heard(lot, disclosed)
    for sheet in found:
        for bid_id, entry in sorted(sheet.bids.items()):
            if entry.conforms or entry.head is None:
                continue
            who = f"{sheet.evaluator}, {short(bid_id)}"
            if entry.head not in lawful:
                yield Words(f"{who}：否决不是依据法定情形", f"{who}: rejected on no head of the law")
            if entry.head is Head.LOW_PRICE and bid_id not in heard:
                yield Words(f"{who}：报价过低但未先要求说明", f"{who}: a low price rejected without asking its bidder")


def _heard(lot: LotCase, disclosed: list[Disclosed]) -> set[str]:
    """Bids that were asked about a low price and answered, or whose time was over, before the last result."""
    results = [index for index, _ in lot.logged(facts.ResultPublished)]
    before = [one.fact for one in disclosed if results and one.index < results[-1]]
    asked = {fact.number for fact in before if isinstance(fact, ClarificationAsked) and fact.about == "low_price"}
    return {fact.bid_id for fact in before if isinstance(fact, ClarificationAnswered) and fact.number in asked}


def _sheet_faults(
    alias: str, sign_key: str, told: Mapping[str, Any], sealed: list[facts.ScoreSheet]
) -> Iterator[Words]:
    signed = Signed(keys.unb64(told["file"]), keys.unb64(told["sig"]))
    own = keys.spell(key_of(keys.unb64(told["cert"]))) == sign_key
    if not own or not signed.signed_by(keys.parse(sign_key)):
        yield Words(f"{alias} 的评分表不是该评委签的", f"the sheet of {alias} is not signed by the key of that seat")
    if sheets.parse(signed.raw).evaluator != alias:
        yield Words(f"{alias} 的评分表写的是别的评委", f"the sheet of {alias} names another evaluator")
    if [(fact.sheet_sha256, fact.sig) for fact in sealed[-1:]] != [(signed.sha256, told["sig"])]:
        yield Words(
            f"{alias} 的评分表 {short(signed.sha256)} 与日志中封存的不符",
            f"the sheet of {alias}, {short(signed.sha256)}, is not the one sealed in the log",
        )


def _sealed(lot: LotCase, alias: str, disclosed: list[Disclosed]) -> list[facts.ScoreSheet]:
    """What this member sealed before the last result was logged; a sheet that was returned is followed by the next."""
    results = [index for index, _ in lot.logged(facts.ResultPublished)]
    before = [found for found in disclosed if results and found.index < results[-1]]
    sheets_of = [found.fact for found in before if isinstance(found.fact, facts.ScoreSheet)]
    return [fact for fact in sheets_of if (fact.lot, fact.evaluator) == (lot.code, alias)]
