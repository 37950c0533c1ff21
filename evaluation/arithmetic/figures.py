"""Amounts in Chinese capital figures, read back: the inverse of `money.words`. Pure."""

from __future__ import annotations

from kernel import money
from kernel.money import Fen

_DIGITS = {sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
_LARGE = {"亿": 10**8, "兆": 10**12}
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}
_SPELLINGS = str.maketrans({"圆": "元", "正": "整", "〇": "零", " ": "", "\u3000": ""})


def read(text: str) -> Fen:
    """The amount these words say; zeros and a missing 整 are forgiven, ValueError for anything else."""
    said = text.translate(_SPELLINGS).removeprefix("人民币")
    yuan, found, rest = said.partition("元")
    if not found:
        yuan, rest = "", said
    amount = Fen(_integer(yuan) * 100 + _part(rest, "角") * 10 + _part(rest.partition("角")[2] or rest, "分"))
    if not set(said) & set(_DIGITS) or _bare(money.words(amount)) != _bare(said):
        raise ValueError(f"not an amount in words: {text!r}")
    return amount


def _bare(text: str) -> str:
    """Without what people leave out or put twice."""
    return text.replace("零", "").removesuffix("整")


def _part(text: str, unit: str) -> int:
    before, found, _ = text.partition(unit)
    return _DIGITS.get(before[-1:], 0) if found else 0


def _integer(text: str) -> int:
    high = low = section = digit = 0
    for sign in text.replace("万亿", "兆"):
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _UNITS:
            section, digit = section + digit * _UNITS[sign], 0
        elif sign == "万":
            low, section, digit = (low + section + digit) * 10_000, 0, 0
        elif sign in _LARGE:
            high, low, section, digit = high + (low + section + digit) * _LARGE[sign], 0, 0, 0
        else:
            raise ValueError(f"not an amount in words: {text!r}")
    return high + low + section + digit
