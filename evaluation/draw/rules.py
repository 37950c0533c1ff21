"""How the law wants the experts of a committee found: by lot from the pool, or named where a special project allows it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kernel import canonical
from kernel.errors import Conflict, Forbidden, Invalid, Words
from kernel.law import holds
from supervision import draw
from tendering.codes import Trade
from tendering.packs import Kind, Pack, Rule

EXPERT = "kaibiao-expert/1"
LONGEST = 900
"""So many references fit into one entry of the log."""
SHORTEST_TEXT, LONGEST_TEXT = 4, 2000


class Ground(StrEnum):
    """Why experts may be named without a draw (条例 第47条; 87号令 第48条)."""

    COMPLEX = "complex"
    NATIONAL = "national"


GROUNDS: dict[Ground, Words] = {
    Ground.COMPLEX: Words("技术复杂、专业性强", "Complex technology, a narrow field"),
    Ground.NATIONAL: Words("国家有特殊要求", "Special requirements of the state"),
}


class Why(StrEnum):
    """Why the draw passes over one in its order."""

    DECLINED = "declined"
    RECUSAL = "recusal"
    ABSENT = "absent"
    BARRED = "barred"


WHYS: dict[Why, Words] = {
    Why.DECLINED: Words("不能参加", "Cannot take part"),
    Why.RECUSAL: Words("应当回避", "Has to withdraw"),
    Why.ABSENT: Words("缺席", "Absent"),
    Why.BARRED: Words("抽取时已不能担任", "May not sit any more when the draw came"),
}
DESK = (Why.DECLINED, Why.RECUSAL, Why.ABSENT)
"""What the centre's staff may say; the last one the platform finds by itself."""


@dataclass(frozen=True)
class Appointment:
    """Why, and on whose word, the members are named without a draw; `consent` is the superior budget unit (G25)."""

    ground: Ground | None
    reasons: str
    document: str
    consent: str = ""


@dataclass(frozen=True)
class Need:
    """How many experts are wanted, of which fields, and who of the owner's people (by sign-in name) sits beside them."""

    fields: Sequence[str]
    seats: int
    representatives: Sequence[str] = ()


@dataclass(frozen=True)
class Departure:
    """Why a member leaves; `substitute` is who takes a representative's seat, for an expert's the order says it."""

    why: Why
    text: str
    substitute: str = ""


def required(pack: Pack) -> Rule | None:
    """The rule by which experts are drawn; None where this law asks for no draw."""
    return next(iter(pack.find(Kind.RANDOM, "committee.experts")), None)


def grounds(pack: Pack) -> tuple[Ground, ...]:
    """A procurement knows the complex project alone (87号令 第48条)."""
    return (Ground.COMPLEX,) if pack.trade is Trade.PROCUREMENT else tuple(Ground)


def needs_consent(pack: Pack) -> bool:
    return pack.trade is Trade.PROCUREMENT


@holds("C38", "G25")
def check_appointment(pack: Pack, given: Appointment | None) -> None:
    """Forbidden to name experts without a draw, unless the law's ground, reasons and a document stand for it."""
    rule = required(pack)
    if rule is None:
        return
    if given is None or given.ground is None:
        raise Forbidden(
            "committee.not_drawn",
            "本项目的评标专家应当从专家库中随机抽取；特殊项目直接确定的，须写明情形、理由和文件",
            "The experts are drawn from the pool; to name them takes a special project, with ground, reasons and document",
            rule=rule.cited,
        )
    _check_ground(pack, rule, given)


def _check_ground(pack: Pack, rule: Rule, given: Appointment) -> None:
    if given.ground not in grounds(pack):
        raise _unfounded(rule, "本采购方式不适用此情形", "This law does not know that ground", "ground")
    if not SHORTEST_TEXT <= len(given.reasons.strip()) <= LONGEST_TEXT:
        raise _unfounded(rule, "请用 4 至 2000 字写明理由", "Give the reasons in 4 to 2000 characters", "reasons")
    if not given.document.strip():
        raise _unfounded(rule, "请写明文件名称和文号", "Name the document and its number", "document")
    if needs_consent(pack) and not given.consent.strip():
        raise _unfounded(
            rule, "请写明同意自行选定的主管预算单位", "Name the superior budget unit that consented", "consent"
        )


def _unfounded(rule: Rule, zh: str, en: str, field: str) -> Invalid:
    return Invalid("committee.unfounded", zh, en, rule=rule.cited, fields={field: "missing"})


def reference(lot: str, nonce: str, name: str, organization: str) -> str:
    """What stands on the list for a person: opens to everybody who is told the nonce, and to nobody else."""
    told = {"type": EXPERT, "lot": lot, "nonce": nonce, "name": name, "organization": organization}
    return canonical.sha(canonical.encode(told))


def check_length(pack: Pack, found: int, wanted: int) -> None:
    """Invalid where fewer are eligible than shall sit, or more than an entry of the log holds."""
    if found < wanted:
        raise Invalid(
            "draw.short",
            f"所选专业中符合条件的专家只有 {found} 人，少于应抽取的 {wanted} 人，请增加专业",
            f"Only {found} experts of these fields may sit, {wanted} are needed: add a field",
            rule=pack.clause("committee.experts"),
            fields={"fields": "short"},
        )
    if found > LONGEST:
        raise Invalid(
            "draw.long",
            f"名单超过 {LONGEST} 人，请减少专业",
            f"More than {LONGEST} experts: choose fewer fields",
            rule="log-and-nodes.md 2",
            fields={"fields": "long"},
        )


def check_departure(given: Departure) -> None:
    if given.why not in DESK or not SHORTEST_TEXT <= len(given.text.strip()) <= LONGEST_TEXT:
        raise Invalid(
            "draw.departure",
            "请选择更换的情形，并用 4 至 2000 字写明原因",
            "Choose why the member is replaced, and say it in 4 to 2000 characters",
            rule="《招标投标法实施条例》第四十八条；财政部令第87号第四十九条",
            fields={"text": "missing"},
        )


def exhausted() -> Conflict:
    return Conflict(
        "draw.exhausted",
        "候补专家已用尽，请先追加抽取",
        "No reserve is left: draw a further list first",
        rule="《招标投标法实施条例》第四十八条；财政部令第87号第四十九条",
    )


def order(lists: Iterable[tuple[Sequence[str], str]]) -> list[str]:
    """Everybody on the lists, as drawn: each list by its own seed, a later one behind the earlier."""
    return [one for references, seed in lists for one in draw.drawn(references, len(references), seed)]


def seated(order: Iterable[str], passed: Collection[str], seats: int) -> list[str]:
    """Who sits: the first of the order that were not passed over."""
    return [one for one in order if one not in passed][:seats]
