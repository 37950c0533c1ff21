"""Money is integer 分 (fen) of CNY. Text forms: `21846300.00` on the wire, `21,846,300.00` and words for people."""

from __future__ import annotations

import re
from typing import NewType

Fen = NewType("Fen", int)

_WIRE = re.compile(r"(0|[1-9][0-9]{0,14})\.([0-9]{2})")
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def parse(text: str) -> Fen:
    """Yuan with exactly two decimals, no sign, no separators, below 10^15 yuan; ValueError otherwise."""
    match = _WIRE.fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount in yuan with two decimals: {text!r}")
    return Fen(int(match[1]) * 100 + int(match[2]))


def wire(amount: Fen) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def figures(amount: Fen) -> str:
    """With separators: `21,846,300.00`."""
    return f"{amount // 100:,}.{amount % 100:02d}"


def words(amount: Fen) -> str:
    """Chinese capital figures as bills and tenders require them: `贰仟壹佰捌拾肆万陆仟叁佰元整`.

    Follows 支付结算办法 annex 1: a run of zeros is read once; 整 when nothing follows 元 or 角.
    """
    yuan, jiao, fen = amount // 100, amount // 10 % 10, amount % 10
    text = _integer(yuan) + "元" if yuan or not amount else ""
    if not jiao and not fen:
        return text + "整"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif yuan:
        text += "零"
    return text + (_DIGITS[fen] + "分" if fen else "整")


def _integer(value: int) -> str:
    if value == 0:
        return "零"
    groups = []
    while value:
        value, low = divmod(value, 10_000)
        groups.append(low)
    text, gap = "", False
    for place in reversed(range(len(groups))):
        group = groups[place]
        if group == 0:
            gap = bool(text)
            continue
        if text and (gap or group < 1000):
            text += "零"
        text += _group(group) + _GROUPS[place]
        gap = False
    return text


def _group(value: int) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + _UNITS[place]
        gap = False
    return text
