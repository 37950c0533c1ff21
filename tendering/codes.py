"""Trading codes: project 17, tender 20, lot 23 characters, of fixed length and never changed (rules.md 4.1).

Project = letter of the trade + GB/T 2260 region (6 digits) + running number (10); a tender adds 3 digits, a lot 3 more.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NewType

from kernel.errors import Invalid

ProjectCode = NewType("ProjectCode", str)
TenderCode = NewType("TenderCode", str)
LotCode = NewType("LotCode", str)


class Trade(StrEnum):
    """What is traded; the letter opens every code."""

    CONSTRUCTION = "construction"
    PROCUREMENT = "procurement"
    LAND = "land"
    PROPERTY = "property"
    OTHER = "other"

    @property
    def letter(self) -> str:
        match self:
            case Trade.CONSTRUCTION:
                return "E"
            case Trade.PROCUREMENT:
                return "D"
            case Trade.LAND:
                return "B"
            case Trade.PROPERTY:
                return "Q"
            case Trade.OTHER:
                return "Z"


_PROJECT = re.compile(r"[EDBQZ][0-9]{6}[0-9]{10}")
_REGION = re.compile(r"[0-9]{6}")
_RULE = "数据规范 C17/C20/C23"


def is_region(text: str) -> bool:
    """Whether `text` has the form of a GB/T 2260 code."""
    return _REGION.fullmatch(text) is not None


def project_code(trade: Trade, region: str, number: int) -> ProjectCode:
    """The 17 characters of project `number` (1 to 10^10 - 1); ValueError outside."""
    if not is_region(region) or not 0 < number < 10**10:
        raise ValueError("a project code has a region of six digits and a number of at most ten")
    return ProjectCode(f"{trade.letter}{region}{number:010d}")


def tender_code(project: ProjectCode, number: int) -> TenderCode:
    return TenderCode(project + _three(number))


def lot_code(tender: TenderCode, number: int) -> LotCode:
    return LotCode(tender + _three(number))


def read_tender(text: str) -> TenderCode:
    """The same text as a tender code; Invalid unless it has the 20 characters of one."""
    _check(text, 20)
    return TenderCode(text)


def read_lot(text: str) -> LotCode:
    """The same text as a lot code; Invalid unless it has the 23 characters of one."""
    _check(text, 23)
    return LotCode(text)


def tender_of(lot: LotCode) -> TenderCode:
    return TenderCode(lot[:20])


def project_of(tender: TenderCode) -> ProjectCode:
    return ProjectCode(tender[:17])


def trade_of(code: str) -> Trade:
    """The trade that a code's first letter names; ValueError on another letter."""
    return next(trade for trade in Trade if trade.letter == code[:1])


def _three(number: int) -> str:
    if not 0 < number < 1000:
        raise ValueError("a tender of a project, or a lot of a tender, is numbered 1 to 999")
    return f"{number:03d}"


def _check(text: str, length: int) -> None:
    rest = text[17:]
    if len(text) == length and _PROJECT.fullmatch(text[:17]) and rest.isascii() and rest.isdigit():
        return
    raise Invalid(
        "code.malformed", f"编号应为 {length} 位。", f"A code of this kind has {length} characters.", rule=_RULE
    )
