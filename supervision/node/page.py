"""The node's own page: plain HTML from the same data as `/status.json`, in Chinese and English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from html import escape
from typing import Any

from kernel.clock import beijing, parse_rfc3339
from supervision.node.words import COLORS, EN, POINTS, SAID, STEPS, WORDS, ZH, Key, Language, word


def page(status: dict[str, Any], language: Language, bundle: str | None) -> str:
    """The whole page; `bundle` is the hash of the offline sealing page, if this node has one."""
    parts = (_top(status, language), _lots(status, language), _alerts(status, language))
    rest = (_peers(status, language), _keys(status, language), _bundle(bundle, language))
    return _frame(status, language, "\n".join((*parts, *rest)))


def _frame(status: dict[str, Any], language: Language, body: str) -> str:
    title = f"{escape(status['org'])} · {_word('title', language)}"
    other = ZH if language == EN else EN
    tongue = "en" if language == EN else "zh-CN"
    return (
        f'<!doctype html><html lang="{tongue}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="style.css"></head><body>'
        f"<header><b>{_word('brand', language)}</b><span>{_word('title', language)}</span>"
        f'<a href="?lang={language}">{_word("again", language)}</a>'
        f"{_switch(other, language)}</header>"
        f"<main>{body}</main></body></html>\n"
    )


def _switch(other: Language, language: Language) -> str:
    tongue = "en" if other == EN else "zh-CN"
    return f'<a href="?lang={other}" hreflang="{other}" lang="{tongue}">{_word("other_language", language)}</a>'


def _top(status: dict[str, Any], language: Language) -> str:
    head, now = status["checkpoint"], parse_rfc3339(status["now"])
    size = f"{head['size']:,} {_word('entries', language)}"
    cells = [
        (_word("latest", language), f"{size}"),
        (_word("cosigned", language), _ago(head["time"], now, language)),
        (_word("clock", language), _time(status["now"])),
    ]
    facts = "".join(f'<div><span class="soft">{name}</span><b>{value}</b></div>' for name, value in cells)
    return (
        f"<h1>{escape(status['org'])}</h1>{_state(status, language)}<p>{_word('what', language)}</p>"
        f'<div class="facts">{facts}</div>'
    )


def _state(status: dict[str, Any], language: Language) -> str:
    practice = f'<p class="note late">{_word("practice", language)}</p>' if status["practice"] else ""
    if status["halted"]:
        return f'{practice}<p class="note bad red" role="alert">{_word("halted", language)}</p>'
    if any(alert["color"] == "red" and not alert["ended_at"] for alert in status["alerts"]):
        return practice
    return f'{practice}<p class="true">● {_word("agrees", language)}</p>'


def _lots(status: dict[str, Any], language: Language) -> str:
    now = parse_rfc3339(status["now"])
    rows = [_lot(lot, now, language) for lot in status["lots"]]
    heads: tuple[Key, ...] = ("lot", "step", "closes", "opens", "said")
    return _section("lots", language) + (_table(heads, rows, language) if rows else _none("lots_none", language))


def _lot(lot: dict[str, Any], now: dt.datetime, language: Language) -> list[str]:
    step = word(STEPS[lot["step"]], language)
    if lot["suspended"]:
        step += f' <span class="tag due">{_word("suspended", language)}</span>'
    said = [word(SAID[kind.partition("/")[0]], language) for kind in lot["signed"]]
    released = [f"{word(STEPS['opened'], language)}({escape(stage)})" for stage in lot["released"]]
    times = (_until(lot[name], now, language) for name in ("closes_at", "opens_at"))
    return [f'<span class="mono">{escape(lot["lot"])}</span>', step, *times, "<br>".join([*said, *released]) or "—"]


def _alerts(status: dict[str, Any], language: Language) -> str:
    rows = [_alert(alert, language) for alert in status["alerts"]]
    heads: tuple[Key, ...] = ("what_alert", "lot", "since", "evidence")
    return _section("alerts", language) + (_table(heads, rows, language) if rows else _none("alerts_none", language))


def _alert(alert: dict[str, Any], language: Language) -> list[str]:
    point = word(POINTS.get(alert["point"], (alert["point"], alert["point"])), language)
    tone = {"red": "red", "yellow": "due"}.get(alert["color"], "true")
    tag = f'<span class="tag {tone}">{word(COLORS[alert["color"]], language)}</span>'
    over = (
        f'<br><span class="soft">{_word("over", language)} {_time(alert["ended_at"])}</span>'
        if alert["ended_at"]
        else ""
    )
    link = f'<a href="alerts/{alert["id"]}.json">{_word("evidence", language)}</a>'
    return [f"{tag} {escape(point)}", escape(alert["lot"] or "—"), _time(alert["at"]) + over, link]


def _peers(status: dict[str, Any], language: Language) -> str:
    now = parse_rfc3339(status["now"])
    rows = [_peer(peer, now, language) for peer in status["peers"]]
    heads: tuple[Key, ...] = ("node", "size", "seen", "address")
    return (
        _section("peers", language)
        + f'<p class="soft">{_word("peers_what", language)}</p>'
        + _table(heads, rows, language)
    )


def _peer(peer: dict[str, Any], now: dt.datetime, language: Language) -> list[str]:
    size = "—" if peer["size"] is None else f"{peer['size']:,}"
    url = escape(peer["url"] or "", quote=True)
    link = f'<a href="{url}">{url}</a>' if url else "—"
    return [escape(peer["org"] or peer["node"]), size, _ago(peer["at"], now, language), link]


def _keys(status: dict[str, Any], language: Language) -> str:
    names: tuple[tuple[Key, str], ...] = (
        ("sign", status["vkey"]),
        ("inbox", status["inbox"]),
        ("origin", status["origin"]),
        ("root", status["checkpoint"]["root"]),
        ("policy", status["policy_sha256"]),
    )
    rows = "".join(f'<dt>{_word(name, language)}</dt><dd class="mono">{escape(value)}</dd>' for name, value in names)
    more = f'<p class="soft">{_word("recheck", language)}: <a href="status.json">status.json</a></p>'
    return f"{_section('key', language)}<dl>{rows}</dl>{more}"


def _bundle(digest: str | None, language: Language) -> str:
    if digest is None:
        return ""
    link = f'<a href="kaibiao-seal.html" download>{_word("download", language)} kaibiao-seal.html</a>'
    shown = f'<dl><dt>SHA-256</dt><dd class="mono">{digest}</dd></dl>'
    return f"{_section('bundle', language)}<p>{_word('bundle_what', language)}</p><p>{link}</p>{shown}"


def _section(key: Key, language: Language) -> str:
    return f"<h2>{_word(key, language)}</h2>"


def _none(key: Key, language: Language) -> str:
    return f'<p class="soft">{_word(key, language)}</p>'


def _table(heads: Iterable[Key], rows: list[list[str]], language: Language) -> str:
    """Each cell repeats its column's name, which a phone shows instead of the head."""
    names = [_word(key, language) for key in heads]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(f"<tr>{_cells(names, row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cells(names: list[str], row: list[str]) -> str:
    return "".join(f'<td data-name="{name}"><span>{cell}</span></td>' for name, cell in zip(names, row, strict=True))


def _word(key: Key, language: Language) -> str:
    return word(WORDS[key], language)


def _time(text: str | None) -> str:
    """Beijing time for people, the instant itself for machines."""
    if text is None:
        return "—"
    shown = beijing(parse_rfc3339(text)).strftime("%Y-%m-%d %H:%M:%S")
    return f'<time datetime="{text}">{shown}</time>'


def _until(text: str | None, now: dt.datetime, language: Language) -> str:
    if text is None:
        return "—"
    left = parse_rfc3339(text) - now
    if left <= dt.timedelta(0):
        return f'{_time(text)}<br><span class="soft">{_word("passed", language)}</span>'
    tone = "due" if left < dt.timedelta(hours=1) else "soft"
    return f'{_time(text)}<br><span class="{tone}">{_word("left", language)} {_span(left, language)}</span>'


def _ago(text: str | None, now: dt.datetime, language: Language) -> str:
    if text is None:
        return _word("never", language)
    passed = max(now - parse_rfc3339(text), dt.timedelta(0))
    return f'<time datetime="{text}">{_span(passed, language)} {_word("ago", language)}</time>'


def _span(length: dt.timedelta, language: Language) -> str:
    """Days, then hours:minutes:seconds; seconds alone below a minute."""
    day, second = word((" 天", " d"), language), word((" 秒", " s"), language)
    seconds = length // dt.timedelta(seconds=1)
    if seconds < 60:
        return f"{seconds}{second}"
    hours, rest = divmod(seconds % 86400, 3600)
    clock = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{seconds // 86400}{day} {clock}" if seconds >= 86400 else clock
