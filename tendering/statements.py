"""The statements an owner signs about a tender: exact bytes, and what they say in words. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from kernel import canonical
from kernel.clock import beijing, parse_rfc3339, rfc3339
from kernel.errors import Invalid, Words
from kernel.law import holds
from kernel.statements import Signed

TIMETABLE = "kaibiao-timetable/1"
SUSPENDED = "kaibiao-suspended/1"
RESUMED = "kaibiao-resumed/1"
OUTAGE = "kaibiao-outage/1"
ALTERATION = "kaibiao-alteration/1"
KEYSET = "kaibiao-keyset/1"
AWARD = "kaibiao-award/1"
NOTICE = "kaibiao-notice/1"

_RULE = "sealing.md 1 Notation"


@dataclass(frozen=True)
class ToSign:
    """One line of a signing sheet."""

    type: str
    raw: bytes
    words: Words
    lot: str | None = None

    @property
    def sha256(self) -> str:
        return canonical.sha(self.raw)


@dataclass(frozen=True)
class Moments:
    closes_at: dt.datetime
    opens_at: dt.datetime


def timetable(lot: str, keyset_sha256: str, closes_at: dt.datetime) -> ToSign:
    """Bids close and open at one moment (C32, G19)."""
    moment = rfc3339(closes_at)
    raw = canonical.encode(
        {"type": TIMETABLE, "lot": lot, "keyset_sha256": keyset_sha256, "closes_at": moment, "opens_at": moment}
    )
    words = Words(
        f"标段 {lot} 于北京时间 {_local(closes_at)} 投标截止，同时开标。",
        f"Bids for lot {lot} close, and are opened, on {_local(closes_at)} Beijing time.",
    )
    return ToSign(TIMETABLE, raw, words, lot)


def keyset(lot: str, raw: bytes, version: int) -> ToSign:
    """The keyset's exact bytes, as the nodes' answers made them."""
    digest = canonical.sha(raw)
    words = Words(
        f"标段 {lot} 的密钥组（第 {version} 版），哈希 {digest[:16]}…",
        f"The keyset of lot {lot} (version {version}), hash {digest[:16]}…",
    )
    return ToSign(KEYSET, raw, words, lot)


def alteration(lot: str, version: int, keyset_sha256: str, changes: str) -> ToSign:
    """The notice that goes with changed terms."""
    said = {"lot": lot, "version": version, "keyset_sha256": keyset_sha256, "changes": changes}
    words = Words(
        f"标段 {lot} 条款变更（第 {version} 版），此前已封的投标作废，须重新封标：{changes}",
        f"Lot {lot} changes its terms (version {version}); bids sealed before are void and must be sealed anew: {changes}",
    )
    return ToSign(ALTERATION, canonical.encode({"type": ALTERATION, **said}), words, lot)


def suspended(lot: str, at: dt.datetime, cause: str) -> ToSign:
    raw = canonical.encode({"type": SUSPENDED, "lot": lot, "at": rfc3339(at), "cause": cause})
    words = Words(
        f"标段 {lot} 自北京时间 {_local(at)} 起暂停，原因：{cause}",
        f"Lot {lot} stands still from {_local(at)} Beijing time: {cause}",
    )
    return ToSign(SUSPENDED, raw, words, lot)


def resumed(lot: str, at: dt.datetime, closes_at: dt.datetime) -> ToSign:
    moment = rfc3339(closes_at)
    raw = canonical.encode({"type": RESUMED, "lot": lot, "at": rfc3339(at), "closes_at": moment, "opens_at": moment})
    words = Words(
        f"标段 {lot} 恢复进行，投标截止和开标改为北京时间 {_local(closes_at)}。",
        f"Lot {lot} goes on; bids now close and open on {_local(closes_at)} Beijing time.",
    )
    return ToSign(RESUMED, raw, words, lot)


def award(lot: str, candidate: dict[str, Any]) -> ToSign:
    """`candidate` is a row of the ranking: bid_id, manifest_sha256, bidder, price."""
    raw = canonical.encode({"type": AWARD, "lot": lot, **candidate})
    words = Words(
        f"确定 {candidate['bidder']} 为标段 {lot} 的中标人，中标价 {candidate['price']} 元。",
        f"{candidate['bidder']} wins lot {lot} at CNY {candidate['price']}.",
    )
    return ToSign(AWARD, raw, words, lot)


def read(signed: Signed, kind: str, lot: str, names: tuple[str, ...]) -> dict[str, Any]:
    """The content of a statement about `lot` with exactly these fields, all strings; Invalid otherwise."""
    try:
        content = signed.content(kind)
    except (ValueError, TypeError) as error:
        raise _malformed(kind) from error
    strings = all(isinstance(value, str) for value in content.values())
    if set(content) != {"type", "lot", *names} or not strings or content["lot"] != lot:
        raise _malformed(kind)
    return content


def instant(content: dict[str, Any], name: str) -> dt.datetime:
    try:
        return parse_rfc3339(content[name])
    except ValueError as error:
        raise _malformed(content["type"]) from error


@holds("bids_due:opening")
def moments(content: dict[str, Any]) -> Moments:
    """The two moments, which the law makes one (C32, G19)."""
    found = Moments(instant(content, "closes_at"), instant(content, "opens_at"))
    if found.opens_at != found.closes_at:
        raise Invalid(
            "deadline.two_moments",
            "开标时间必须与投标截止时间一致。",
            "Bids are opened at the moment of the deadline.",
            rule="C32 《招标投标法》第三十四条；G19 财政部令第87号第三十九条",
        )
    return found


def unsigned() -> Invalid:
    """Nothing signed arrived where a signature is needed."""
    return Invalid(
        "form.unsigned",
        "没有收到签名。签署需要浏览器脚本，也可以用命令行 kaibiao tender。",
        "No signature arrived. Signing takes the browser's scripts, or the command kaibiao tender.",
        rule="《电子招标投标办法》第四十条",
        fields={"signature": "missing"},
    )


def _local(instant: dt.datetime) -> str:
    return beijing(instant).strftime("%Y-%m-%d %H:%M:%S")


def _malformed(kind: str) -> Invalid:
    return Invalid(
        "statement.malformed",
        f"所签文件不是本标段的 {kind}。",
        f"The signed file is not a {kind} of this lot.",
        rule=_RULE,
        fields={"file": kind},
    )
