"""An evaluator's score sheet: its exact bytes, what they say, and everything that is wrong with them.

Range and step are enforced, a reason is due at both ends of a subjective criterion and for every bid found not to
conform. Every bid is scored even by an evaluator who finds that it does not conform: the majority decides on that
fact, and a mean over fewer evaluators would let one of them move a total by silence. evaluation.md, 1.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from evaluation import decimals
from evaluation.heads import Head
from evaluation.spec import Criterion, MethodSpec
from kernel import canonical
from kernel.errors import Invalid

TYPE = "kaibiao-score-sheet/1"
_MEMBERS = {"type", "lot", "method_sha256", "evaluator", "bids"}
_BID_MEMBERS = {"conforms", "ground", "scores", "notes"}
_LONGEST_TEXT = 4000


@dataclass(frozen=True)
class BidSheet:
    """One evaluator on one bid."""

    conforms: bool
    ground: str | None
    scores: Mapping[str, Fraction]
    notes: Mapping[str, str]
    head: Head | None = None
    """On which head of the law this evaluator rejects the bid."""


@dataclass(frozen=True)
class Sheet:
    """One evaluator on all bids; `sha256` is of the exact signed bytes."""

    lot: str
    method_sha256: str
    evaluator: str
    bids: Mapping[str, BidSheet]
    sha256: str


@dataclass(frozen=True)
class Fault:
    """What is wrong where, in words an evaluator understands; `field` is `<bid_id>.<criterion>`."""

    field: str
    zh: str
    en: str


def parse(raw: bytes) -> Sheet:
    """Read the bytes of a sheet; Invalid when they are not one. Whether it fits its lot, `faults` says."""
    try:
        value = canonical.decode(raw)
        return _sheet(value, canonical.sha(raw))
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid(
            "sheet.malformed",
            f"评分表格式不对：{error}",
            f"This is not a score sheet: {error}",
            rule="evaluation.md 1.13",
        ) from error


def faults(spec: MethodSpec, sheet: Sheet, bid_ids: frozenset[str]) -> list[Fault]:
    """Everything that keeps the sheet from being signed, in the order of the bids."""
    found = [
        Fault(one, "缺少对该投标的评审", "this bid is not assessed") for one in sorted(bid_ids - sheet.bids.keys())
    ]
    found += [Fault(one, "没有这份投标", "there is no such bid") for one in sorted(sheet.bids.keys() - bid_ids)]
    if sheet.method_sha256 != spec.sha256:
        found.append(Fault("method_sha256", "评标办法与公告不一致", "not the method of the notice"))
    for bid_id in sorted(bid_ids & sheet.bids.keys()):
        found.extend(_bid_faults(spec, bid_id, sheet.bids[bid_id]))
    return found


def refuse_faults(found: list[Fault]) -> None:
    """Invalid with every fault named, if there is one."""
    if found:
        raise Invalid(
            "sheet.incomplete",
            "评分表有误：" + "；".join(f"{one.field}：{one.zh}" for one in found),
            "The sheet has faults: " + "; ".join(f"{one.field}: {one.en}" for one in found),
            rule="evaluation.md 1.13",
            fields={one.field: {"zh": one.zh, "en": one.en} for one in found},
        )


def _bid_faults(spec: MethodSpec, bid_id: str, entry: BidSheet) -> Iterator[Fault]:
    if not entry.conforms and entry.head is None:
        yield Fault(f"{bid_id}.head", "请选择法律规定的否决情形", "name the head of the law on which it is rejected")
    if not entry.conforms and not entry.ground:
        yield Fault(f"{bid_id}.ground", "认定不符合必须写明理由", "a bid found not to conform needs its ground")
    for unknown in sorted(entry.scores.keys() - {one.id for one in spec.criteria}):
        yield Fault(f"{bid_id}.{unknown}", "没有这项评分标准", "there is no such criterion")
    for criterion in spec.criteria:
        fault = _score_fault(criterion, entry)
        if fault:
            yield Fault(f"{bid_id}.{criterion.id}", *fault)


def _score_fault(criterion: Criterion, entry: BidSheet) -> tuple[str, str] | None:
    score = entry.scores.get(criterion.id)
    top = decimals.plain(criterion.maximum)
    if score is None:
        return "缺少评分", "the score is missing"
    if score > criterion.maximum:
        return f"超出范围 0 至 {top}", f"outside 0 to {top}"
    if (score / criterion.step).denominator != 1:
        step = decimals.plain(criterion.step)
        return f"评分须为 {step} 的倍数", f"not a multiple of {step}"
    if _at_an_end(criterion, score) and not entry.notes.get(criterion.id, "").strip():
        return "给零分或满分须说明理由", "a score of zero or the maximum needs a reason"
    return None


def _at_an_end(criterion: Criterion, score: Fraction) -> bool:
    return not criterion.objective and score in (0, criterion.maximum)


def _sheet(value: Any, sha256: str) -> Sheet:
    _members(value, _MEMBERS, "a sheet")
    if value["type"] != TYPE:
        raise ValueError(f"type is not {TYPE}")
    bids = _object(value["bids"], "bids")
    return Sheet(
        _text(value["lot"], "lot"),
        _text(value["method_sha256"], "method_sha256"),
        _text(value["evaluator"], "evaluator"),
        {bid_id: _bid_sheet(entry) for bid_id, entry in bids.items()},
        sha256,
    )


def _bid_sheet(value: Any) -> BidSheet:
    rejected = {"head"} if isinstance(value, dict) and "head" in value else set()
    _members(value, _BID_MEMBERS | rejected, "a bid's part")
    if not isinstance(value["conforms"], bool):
        raise TypeError("conforms is true or false")
    ground = None if value["ground"] is None else _text(value["ground"], "ground")
    scores = {name: decimals.parse(text) for name, text in _object(value["scores"], "scores").items()}
    notes = {name: _text(text, "note") for name, text in _object(value["notes"], "notes").items()}
    head = Head(value["head"]) if value.get("head") else None
    return BidSheet(value["conforms"], ground, scores, notes, head)


def _members(value: Any, members: set[str], what: str) -> None:
    if _object(value, what).keys() != members:
        raise ValueError(f"{what} has exactly the members {', '.join(sorted(members))}")


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{what} is an object")
    for name in value:
        _text(name, what)
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ValueError(f"{what} is a string of at most {_LONGEST_TEXT} characters")
    value.encode()  # a lone surrogate is valid JSON and can be neither stored nor shown
    return value
