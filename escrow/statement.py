"""The bank's statement as finance types or pastes it: lines of CSV, times of Beijing."""

from __future__ import annotations

import csv
import datetime as dt
import io

from escrow import rules
from escrow.asking import RULE
from escrow.register import Credit
from escrow.rules import Means, Paid
from kernel.clock import BEIJING
from kernel.errors import Invalid

COLUMNS = ("ref", "payer_name", "payer_account", "means", "amount", "at", "channel_ref")


def read_statement(text: str) -> list[Credit]:
    """Lines of CSV under the names in `COLUMNS`, times in Beijing's; Invalid naming the line that cannot be read."""
    rows = csv.DictReader(io.StringIO(text.strip().lstrip("\ufeff")))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise Invalid(
            "statement.columns", f"首行应为：{','.join(COLUMNS)}", f"The first line reads: {','.join(COLUMNS)}",
            rule=RULE, fields={"statement": "columns"},
        )  # fmt: skip
    return [_line(number, row) for number, row in enumerate(rows, 2)]


def _line(number: int, row: dict[str, str]) -> Credit:
    try:
        return credit(row)
    except (Invalid, ValueError, AttributeError) as error:
        raise Invalid(
            "statement.line",
            f"第 {number} 行无法读取。",
            f"Line {number} cannot be read.",
            rule=RULE,
            fields={"statement": "line"},
        ) from error


def credit(row: dict[str, str]) -> Credit:
    """One line of a statement from typed text."""
    found = rules.amount(row.get("amount", ""))
    if found is None or row.get("means") not in tuple(Means):
        raise Invalid(
            "arrival.amount", "请填写金额和方式。", "Give amount and means.", rule=RULE, fields={"amount": "form"}
        )
    paid = Paid(found, moment(row["at"]), Means(row["means"]), row["payer_name"].strip(), row["payer_account"].strip())
    return Credit(row["ref"].strip(), row["channel_ref"].strip(), paid)


def moment(text: str) -> dt.datetime:
    """A time of Beijing as people and banks write it; Invalid otherwise."""
    try:
        return dt.datetime.fromisoformat(text.strip()).replace(tzinfo=BEIJING).astimezone(dt.UTC)
    except ValueError as error:
        raise Invalid(
            "moment.form", "时间格式不对。", "This is not a time.", rule=RULE, fields={"at": "form"}
        ) from error
