"""What may follow a failed lot, by its law pack. Pure (C30, C31, G18, G22, L08; T30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kernel.errors import Conflict, Invalid, Words
from kernel.law import holds
from tendering.packs import Pack

DOCUMENT_FIRST = "财政部令第87号第四十三条；《招标投标法》第二十八条、第四十二条"
LEAST = 10
"""Characters that say something."""


class Choice(StrEnum):
    AGAIN = "again"
    NO_MORE = "no_more_tender"
    OTHER_METHOD = "other_method"


@dataclass(frozen=True)
class Option:
    """One way on: `needs` a document of an authority, or none."""

    choice: Choice
    words: Words
    law: str
    needs: Words | None = None


FAILURES: Mapping[str, Words] = {
    "too_few": Words("投标截止时投标人不足法定家数，未开标。", "Too few bidders at the deadline; nothing was opened."),
    "too_few_qualified": Words(
        "提出资格预审申请或者资格审查合格的不足法定家数。", "Too few applied to pre-qualify, or were found qualified."
    ),
    "unreadable": Words("能够开启的投标不足法定家数。", "Too few bids could be opened."),
    "reject_all": Words("有效投标不足，或投标全部被否决。", "Too few valid bids, or all were rejected."),
    "no_taker": Words("披露（挂牌）期满，没有合格的受让方（竞买人）。", "The listing ended without a taker."),
    "no_deal": Words(
        "未成交：没有不低于底价的报价，或者成交后未签订确认书（合同）。",
        "No deal: nobody reached the floor or reserve, or the deal was not signed.",
    ),
    "no_candidate": Words("没有可以依次确定的中标候选人。", "No candidate was left to be chosen."),
}
"""By the event that ended the lot."""

OPTION_WORDS: Mapping[Choice, Words] = {
    Choice.AGAIN: Words("检查并修改招标文件后重新招标", "Reconsider the documents and tender again"),
    Choice.NO_MORE: Words("不再招标", "Tender no further"),
    Choice.OTHER_METHOD: Words("改用其他采购方式", "Change to another method"),
}
_APPROVER = Words("原审批、核准部门的批准文件", "the consent of the authority that approved the project")
_FINANCE = Words("财政部门（或其授权部门）的批准文件", "the approval of the finance department")


@dataclass(frozen=True)
class Failed:
    """What the rules need of a failed lot: the event that ended it, its round, whether an authority approved the project."""

    event: str
    round: int
    approved: bool


@holds("repeat_ground", "G22")
def options(pack: Pack, failed: Failed) -> list[Option]:
    """What may follow, the usual way first."""
    law = _again(pack, failed)
    found = [Option(Choice.AGAIN, OPTION_WORDS[Choice.AGAIN], law)]
    if failed.round > 1 and failed.event in ("too_few", "unreadable") and pack.clause("repeat_ground"):
        needs = _APPROVER if failed.approved else None
        found.append(Option(Choice.NO_MORE, OPTION_WORDS[Choice.NO_MORE], pack.clause("repeat_ground"), needs))
    if pack.trade == "procurement" and pack.clause("conforming"):
        words = OPTION_WORDS[Choice.OTHER_METHOD]
        found.append(Option(Choice.OTHER_METHOD, words, pack.clause("conforming"), _FINANCE))
    return found


def _again(pack: Pack, failed: Failed) -> str:
    """The law by which the owner tenders again: for too few who qualify its own (C08, G21)."""
    own = pack.clause("prequalified") or pack.clause("qualified") if failed.event == "too_few_qualified" else ""
    return own or pack.clause("bids_at_close") or DOCUMENT_FIRST


def check_choice(pack: Pack, failed: Failed, choice: Choice, document: str) -> Option:
    """The option; Conflict where the law does not give it now, Invalid while its document is not named."""
    found = next((one for one in options(pack, failed) if one.choice is choice), None)
    if found is None:
        raise Conflict(
            "repeat.not_open",
            f"本标段现在不能“{OPTION_WORDS[choice].zh}”。",
            f"This is not open to the lot now: {OPTION_WORDS[choice].en}.",
            rule=pack.clause("repeat_ground") or pack.clause("conforming") or DOCUMENT_FIRST,
        )
    if found.needs is not None and len(document.strip()) < 4:
        raise Invalid(
            "repeat.document",
            f"请填写{found.needs.zh}的名称和文号。",
            f"Name {found.needs.en}, with its number.",
            rule=found.law,
            fields={"document": "length"},
        )
    return found


def check_reconsidered(reasons: str, changes: str, pack: Pack) -> None:
    """Why it failed, and what was changed or why nothing had to be: both in words, before another round (T30)."""
    short = {name: "length" for name, text in (("reasons", reasons), ("changes", changes)) if len(text.strip()) < LEAST}
    if short:
        raise Invalid(
            "round.not_reconsidered",
            f"重新招标前须分析失败原因，检查招标文件并写明作了哪些修改（各不少于 {LEAST} 字）。",
            f"Before another round say why this one failed and what of the documents was changed ({LEAST} characters each).",
            rule=_document_first(pack),
            fields=short,
        )


def check_changed(pack: Pack, old: Mapping[str, Any], new: Mapping[str, Any], files: Sequence[frozenset[str]]) -> None:
    """Who says that the documents were changed publishes something else than before; dates alone are no change."""
    if substance(old) == substance(new) and len(set(files)) == 1:
        raise Conflict(
            "round.nothing_changed",
            "声明已修改招标文件，但公告条款和文件与上一轮完全相同。",
            "The documents are said to be changed, yet terms and files are those of the last round.",
            rule=_document_first(pack),
        )


def substance(draft: Mapping[str, Any]) -> dict[str, Any]:
    """A draft without what every round sets anew."""
    timeless = {key: value for key, value in draft.items() if key not in ("lots", "project", "title", "owner_uscc")}
    if "prequal" in timeless:
        timeless["prequal"] = {"criteria": (timeless["prequal"] or {}).get("criteria")}
    return {key: value for key, value in timeless.items() if value not in (None, "")}


def _document_first(pack: Pack) -> str:
    law = pack.clause("bids_at_close")
    return "；".join(dict.fromkeys(part for part in (DOCUMENT_FIRST, law) if part))
