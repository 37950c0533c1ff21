"""Who was invited: the list was fixed in the log before the root that drew from it, and the draw gives whom it gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kernel import canonical, keys
from kernel.errors import Words
from supervision import draw, entries
from supervision.invitation_facts import InvitationDrawn, InvitationListed
from supervision.vocabulary import from_json
from tendering.invitations import rules
from tendering.invitations.rules import Ground, List, Listed
from verifier.case import Case
from verifier.claims import Section, not_due, one
from verifier.log import Book
from verifier.source import find

TOPIC = "invitations"


@dataclass(frozen=True)
class Told:
    """What was disclosed, each with its place in the log."""

    listed: list[tuple[int, InvitationListed]]
    drawn: list[InvitationDrawn]
    faults: list[Words]


def check(case: Case) -> Section[None]:
    """One claim; none where everybody may bid. While the list is secret there is nothing to recheck."""
    if not rules.by_invitation(case.pack, case.notice):
        return
    raw = find(case.archive, f"lots/{case.fact.tender}/disclosures.json")
    told = _told(case.book, raw or b"[]")
    if not told.listed:
        yield not_due(TOPIC, "邀请名单在开标前保密", "who was invited is secret until the opening")
        return
    index, listed = told.listed[-1]
    faults = [*told.faults, *_lawful(case, listed), *_drawn(case.book, (index, listed), told.drawn)]
    count = len(told.drawn[-1].invited) if told.drawn else len(listed.invitees)
    good = Words(
        f"邀请名单第 {index} 条写入日志，邀请 {count} 家，抽取可重演",
        f"the list stands in entry {index}; {count} were invited, as the draw gives them again",
    )
    yield from one(TOPIC, faults, good)


def _told(book: Book, raw: bytes) -> Told:
    told = Told([], [], [])
    for row in sorted(canonical.decode(raw), key=lambda row: int(row["index"])):
        fact, sealed = from_json(row["fact"]), canonical.encode(row["fact"])
        if not entries.check_disclosure(book.entry(row["index"]), keys.unb64(row["salt"]), sealed):
            told.faults.append(
                Words(
                    f"第 {row['index']} 条公开的内容与封存的不符",
                    f"entry {row['index']} sealed something else than what is disclosed",
                )
            )
        if isinstance(fact, InvitationListed):
            told.listed.append((row["index"], fact))
        if isinstance(fact, InvitationDrawn):
            told.drawn.append(fact)
    return told


def _lawful(case: Case, listed: InvitationListed) -> Iterator[Words]:
    """As long as the law asks, and chosen as it allows; who watched a draw is never disclosed."""
    given = List([Listed(one.uscc, Ground(one.ground)) for one in listed.invitees], listed.draw)
    for fault in rules.obstacles(case.pack, given):
        if fault.code != "invitation.witnesses":
            yield Words(fault.zh, fault.en)


def _drawn(book: Book, listed: tuple[int, InvitationListed], drawn: list[InvitationDrawn]) -> Iterator[Words]:
    index, fact = listed
    if (fact.draw is not None) != (len(drawn) == 1):
        yield Words("名单与抽取不相配", "the list and its draws do not match")
    for made in drawn:
        if made.size <= index or keys.unb64(made.root) != book.tree.root(made.size):
            yield Words(
                "抽取所用的检查点不在名单之后，或者不是日志的", "what drew is no root of the log after the list's entry"
            )
        codes = [one.uscc for one in fact.invitees]
        seed = draw.seed(keys.unb64(made.root), canonical.sha(fact.canonical()))
        if made.seed != seed or made.invited != draw.drawn(codes, fact.draw or 0, seed):
            yield Words("重演抽取得到另外的单位", "the draw, played again, gives others")
