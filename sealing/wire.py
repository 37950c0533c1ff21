"""Reading the protocol's JSON strictly: exact keys, exact types, one spelling; every refusal names the field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kernel import canonical, clock, keys

TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}")
LOT = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]{1,100}")
STAGE = re.compile(r"[a-z][a-z0-9-]{0,31}")
SHA256 = re.compile(r"[0-9a-f]{64}")
BID_ID = re.compile(r"[0-9a-f]{32}")
REASON = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,2000}")
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
SIGNATURE_SIZE = 64


class WireError(ValueError):
    """Not the form that the protocol prescribes."""


@dataclass(frozen=True)
class Fields:
    """A JSON object whose keys are known to be exactly the expected ones; `where` is its path for error messages."""

    value: dict[str, Any]
    where: str

    @classmethod
    def of(cls, value: Any, names: Iterable[str], where: str) -> Fields:
        """WireError unless `value` is an object with exactly the keys `names`."""
        if not isinstance(value, dict):
            raise WireError(f"{where}: not an object")
        if set(value) != set(names):
            odd = ", ".join(sorted(set(value) ^ set(names)))
            raise WireError(f"{where}: unexpected or missing: {odd[:200]!r}")
        return cls(value, where)

    def text(self, name: str, pattern: re.Pattern[str] = TEXT) -> str:
        value = self.value[name]
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            raise self._wrong(name, f"not a string of the form {pattern.pattern}")
        return value

    def optional(self, name: str, pattern: re.Pattern[str] = TEXT) -> str | None:
        return None if self.value[name] is None else self.text(name, pattern)

    def integer(self, name: str, low: int, high: int) -> int:
        value = self.value[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self._wrong(name, f"not an integer from {low} to {high}")
        return value

    def flag(self, name: str) -> bool:
        value = self.value[name]
        if not isinstance(value, bool):
            raise self._wrong(name, "not true or false")
        return value

    def instant(self, name: str) -> str:
        """An RFC 3339 UTC second, as text."""
        text = self.text(name)
        try:
            clock.parse_rfc3339(text)
        except ValueError as error:
            raise self._wrong(name, "not an RFC 3339 UTC second") from error
        return text

    def base64(self, name: str, size: int | None = None) -> bytes:
        value = self.value[name]
        try:
            raw = keys.unb64(value) if isinstance(value, str) else None
        except ValueError:
            raw = None
        if raw is None or (size is not None and len(raw) != size):
            raise self._wrong(name, "not canonical base64 of the right length")
        return raw

    def items(self, name: str, names: Iterable[str], most: int) -> list[Fields]:
        """The objects of a list with at most `most` members."""
        value, expected = self._list(name, most), tuple(names)
        return [Fields.of(item, expected, f"{self.where}.{name}[{at}]") for at, item in enumerate(value)]

    def texts(self, name: str, pattern: re.Pattern[str], most: int) -> list[str]:
        value = self._list(name, most)
        return [Fields({name: item}, f"{self.where}[{at}]").text(name, pattern) for at, item in enumerate(value)]

    def child(self, name: str, names: Iterable[str]) -> Fields:
        return Fields.of(self.value[name], names, f"{self.where}.{name}")

    def mapping(self, name: str, pattern: re.Pattern[str]) -> dict[str, str]:
        """An object whose keys match `pattern` and whose values are strings."""
        value = self.value[name]
        if not isinstance(value, dict):
            raise self._wrong(name, "not an object")
        for key, item in value.items():
            if pattern.fullmatch(key) is None or not isinstance(item, str):
                raise self._wrong(name, "not an object of strings under the expected keys")
        return value

    def _list(self, name: str, most: int) -> list[Any]:
        value = self.value[name]
        if not isinstance(value, list) or len(value) > most:
            raise self._wrong(name, f"not a list of at most {most}")
        return value

    def _wrong(self, name: str, why: str) -> WireError:
        return WireError(f"{self.where}.{name}: {why}")


def decode(raw: bytes, where: str) -> Any:
    """Strict JSON; WireError for whatever is wrong with the bytes."""
    try:
        return canonical.decode(raw)
    except (ValueError, TypeError, RecursionError) as error:
        raise WireError(f"{where}: {error}") from error


def parse(raw: bytes, kind: str, names: Iterable[str]) -> Fields:
    """The object of type `kind` in `raw`, with exactly the keys `names` besides `type`."""
    where = kind.split("/", maxsplit=1)[0].removeprefix("kaibiao-")
    fields = Fields.of(decode(raw, where), ["type", *names], where)
    if fields.value["type"] != kind:
        raise WireError(f"{where}: the type is not {kind}")
    return fields
