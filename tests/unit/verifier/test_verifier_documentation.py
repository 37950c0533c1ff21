"""The page for strangers names every claim and every option."""

from __future__ import annotations

import re
from pathlib import Path

from verifier import cli

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "recheck.md").read_text("utf-8")
CALL = re.compile(r"\b(?:holds|lie|not_due|one)\(\s*\"([a-z]+)\"")
INNER = {"log", "tender", "opening", "suspended"}
"""Topics under which a section as a whole is malformed, or a passing state."""


def topics() -> set[str]:
    return {topic for path in (ROOT / "verifier").glob("*.py") for topic in CALL.findall(path.read_text("utf-8"))}


def test_every_claim_is_explained():
    table = PAGE[PAGE.index("## What is claimed") :]
    explained = set(re.findall(r"`([a-z]+)`", table))
    assert len(topics()) > 35
    assert topics() - INNER <= explained


def test_the_options_of_the_page_exist():
    known = cli._arguments().format_help()
    page = re.sub(r"(?m)^kaibiao (?!verify).*$", "", PAGE)
    for option in set(re.findall(r"`?(--[a-z]+)", page)) - {"--documents"}:
        assert option in known
