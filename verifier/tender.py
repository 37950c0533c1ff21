"""The tender: its signed notice, its law pack, its documents, and the way each lot went through the table of states."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernel import canonical, keys
from kernel.errors import Refusal, Words
from kernel.statements import Signed
from supervision import facts
from tendering import packs
from tendering.packs import Pack
from tendering.statements import NOTICE
from tendering.states import MACHINE, LotState
from verifier import objections
from verifier.case import Case, Given, LotCase, key_of, short
from verifier.claims import Section, lie, not_due, one
from verifier.log import Book
from verifier.source import Archive, MissingError, read_json

TENDER = "tender.json"


def read(archive: Archive, book: Book, given: Given) -> Section[Case]:
    """The notice as logged and signed, and the pack it is bound to."""
    told: Mapping[str, Any] = read_json(archive, TENDER)
    code = str(told["tender"])
    found = [fact for _, fact in book.find(facts.NoticePublished) if fact.tender == code]
    if len(found) != 1:
        raise ValueError(f"the log holds {len(found)} notices of {code}")
    fact, signed = found[0], Signed.from_json(told["notice"])
    notice = signed.content(NOTICE)
    good = Words(
        f"《{fact.title}》，招标人签名有效，哈希 {short(fact.notice_sha256)}",
        f"signed by {fact.owner}, hash {short(fact.notice_sha256)} as logged",
    )
    yield from one("notice", _notice_faults(told, fact, signed, notice), good)
    yield from one("practice", _practice_faults(book, fact), _practice_words(fact))
    pack = yield from _pack(archive, fact)
    case = Case(archive, book, told, fact, notice, pack, given)
    shown = {row["lot"] for row in told["lots"]}
    if shown != {row.lot for row in fact.lots} | case.finals.keys():
        yield lie("notice", "平台公布的标段与公告不同", "the portal shows other lots than the notice")
    yield from _documents(archive, book, told, fact)
    yield from _questions(book, told)
    yield from objections.check(book, told, pack)
    return case


def _notice_faults(
    told: Mapping[str, Any], fact: facts.NoticePublished, signed: Signed, notice: Mapping[str, Any]
) -> Iterator[Words]:
    if signed.sha256 != fact.notice_sha256:
        yield Words("公告文件与日志记录的哈希不符", "the notice is not the file whose hash was logged")
    if not signed.signed_by(key_of(keys.unb64(told["cert"]))):
        yield Words("公告签名无效", "the owner's signature over the notice is not valid")
    if (notice["tender"], notice["pack"], notice["pack_sha256"]) != (fact.tender, fact.pack, fact.pack_sha256):
        yield Words("公告内容与日志记录不同", "the notice names another tender or law pack than the log")
    said = {(row["lot"], row["method_sha256"], row["ceiling"]) for row in notice["lots"]}
    if said != {(row.lot, row.method_sha256, row.ceiling) for row in fact.lots}:
        yield Words(
            "公告中的标段、评标办法或限价与日志记录不同",
            "the notice names other lots, methods or ceilings than the log",
        )


def _practice_faults(book: Book, fact: facts.NoticePublished) -> Iterator[Words]:
    if fact.practice != book.policy.practice:
        yield Words("演练与真实招标混用", "a practice tender on a log for earnest, or the other way round")


def _practice_words(fact: facts.NoticePublished) -> Words:
    if fact.practice:
        return Words("这是一次演练，没有法律效力", "this is practice, without any legal effect")
    return Words("这是真实招标", "this is a tender in earnest")


def _pack(archive: Archive, fact: facts.NoticePublished) -> Section[Pack]:
    raw = archive.get(f"law/{fact.pack}.json")
    pack = Pack.read(raw)
    unverified = sum(rule.unverified for rule in pack.rules)
    yield from one(
        "pack",
        _pack_faults(pack, fact),
        Words(
            f"{pack.title.zh}，{len(pack.rules)} 条规则，哈希 {short(fact.pack_sha256)}（其中 {unverified} 条尚待法律人员核对）",
            f"{pack.title.en}, {len(pack.rules)} rules, hash {short(fact.pack_sha256)} as published ({unverified} not yet checked by a lawyer)",
        ),
    )
    if pack.id not in packs.names() or packs.load(pack.id).version != pack.version:
        yield not_due(
            "pack",
            f"本工具没有 {pack.id} 第 {pack.version} 版，请自行核对其中的数字",
            f"this verifier has no {pack.id} version {pack.version} to compare its numbers with",
        )
    return pack


def _pack_faults(pack: Pack, fact: facts.NoticePublished) -> Iterator[Words]:
    """The one whose hash was published; and if this verifier knows that version, the same numbers."""
    if (pack.sha256, pack.id) != (fact.pack_sha256, fact.pack):
        yield Words(
            f"规则包 {fact.pack} 不是公告所定的那一份",
            f"the law pack {fact.pack} is not the one whose hash was published",
        )
    # The other way round is harmless: a rehearsal by the law's own days is still marked as practice.
    if pack.practice and not fact.practice:
        yield Words("演练规则包用于真实招标", "a practice pack in earnest")
    known = packs.load(pack.id) if pack.id in packs.names() else None
    if known is not None and known.version == pack.version and known.raw != pack.raw:
        yield Words(
            f"规则包 {pack.id} 的内容与公开发行的第 {pack.version} 版不同",
            f"the law pack {pack.id} is not version {pack.version} as this project publishes it",
        )


def _documents(archive: Archive, book: Book, told: Mapping[str, Any], fact: facts.NoticePublished) -> Section[None]:
    logged = {(one.name, one.size, one.sha256) for one in fact.documents}
    added = [one for _, one in book.find(facts.DocumentAdded) if one.tender == fact.tender]
    logged |= {(one.name, one.size, one.sha256) for one in added}
    shown = {(row["name"], row["size"], row["sha256"]) for row in told["documents"]}
    if shown != logged:
        names = ", ".join(sorted(name for name, _, _ in shown ^ logged))
        yield lie(
            "documents", f"招标文件清单与日志不符：{names}", f"the list of documents is not the one logged: {names}"
        )
        return
    held = [row for row in sorted(logged) if find_document(archive, row[2]) is not None]
    wrong = [name for name, size, sha256 in held if find_document(archive, sha256) != (size, sha256)]
    faults = [Words(f"{name} 与公布的哈希不符", f"{name} is not the file whose hash was published") for name in wrong]
    yield from one(
        "documents",
        faults,
        Words(
            f"{len(logged)} 份，其中 {len(held)} 份在资料包内，哈希相符",
            f"{len(logged)} listed as logged; {len(held)} in the archive, hashes right",
        ),
    )


def _questions(book: Book, told: Mapping[str, Any]) -> Section[None]:
    """Every question answered in public is the one logged, word for word, and none was dropped."""
    logged = sorted((one.question_sha256, one.answer_sha256) for _, one in book.find(facts.QuestionAnswered))
    shown = [(_sha(row["question"]), _sha(row["answer"])) for row in told["questions"]]
    faults = [Words("公布的答疑与日志不符", "the questions and answers shown are not those logged")]
    good = Words(f"答疑 {len(logged)} 条，与日志相符", f"{len(logged)} answered, each as logged")
    yield from one("questions", faults if sorted(shown) != logged else [], good)


def _sha(text: str) -> str:
    return canonical.sha(text.encode())


def find_document(archive: Archive, sha256: str) -> tuple[int, str] | None:
    """Size and hash of a document in the archive, read in pieces; None when it was left out."""
    try:
        with archive.open(f"documents/{sha256}") as file:
            digest, size = hashlib.sha256(), 0
            while block := file.read(1 << 20):
                digest.update(block)
                size += len(block)
            return size, digest.hexdigest()
    except MissingError:
        return None


def states(lot: LotCase) -> Section[None]:
    """Every move of the lot stands in the table of states, by somebody who may make it, in order of time."""
    moves = lot.logged(facts.StateChanged)
    faults = list(_move_faults(moves, str(lot.told["state"])))
    path = " → ".join([*(fact.was for _, fact in moves[:1]), *(fact.now for _, fact in moves)])
    yield from one("states", faults, Words(f"{path}，每步均有法律依据", f"{path}, every move lawful"))
    if lot.told.get("suspended_at"):
        yield not_due("suspended", "标段目前暂停", "the lot stands still at present")


def _move_faults(moves: Sequence[tuple[int, facts.StateChanged]], shown: str) -> Iterator[Words]:
    state, since = str(LotState.DRAFT), ""
    for index, fact in moves:
        if fact.was != state:
            yield Words(
                f"第 {index} 条：从“{fact.was}”变动，但此前状态是“{state}”",
                f"entry {index} moves on from {fact.was}, but the lot was {state}",
            )
        if fact.at < since:
            yield Words(f"第 {index} 条的时间早于前一次变动", f"entry {index} is dated before the move it follows")
        yield from _unlawful(index, fact)
        state, since = fact.now, fact.at
    if state != shown:
        yield Words(f"平台称状态为“{shown}”，日志为“{state}”", f"the portal says {shown}, the log says {state}")


def _unlawful(index: int, fact: facts.StateChanged) -> Iterator[Words]:
    try:
        found = MACHINE.move(LotState(fact.was), fact.event, fact.role).now
    except (Refusal, ValueError) as error:
        yield Words(f"第 {index} 条：状态表不允许“{fact.event}”({error})", f"entry {index}: {error}")
        return
    if found != fact.now:
        yield Words(
            f"第 {index} 条：“{fact.event}”应变为“{found}”而不是“{fact.now}”",
            f"entry {index}: {fact.event} leads to {found}, not to {fact.now}",
        )
