"""Every sentence of the interface has its English twin."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
SLICES = ("portal", "accounts", "tendering", "escrow", "bidding", "evaluation", "livestream", "oversight")
CALL = re.compile(r"""\b_\(\s*(?:'([^']+)'|"([^"]+)")""")
HAN = re.compile(r"[一-鿿]")
CITED = re.compile(
    r"《[^》]+》|第[一二三四五六七八九十百]+[条款章]|财政部令第 ?\d+ ?号|\d+ ?号令|[至、及]|中文"
    r"|[发改法规财库国办资]+〔\d{4}〕\d+号(?:（[一二三四五六七八九十]+）)?"
)


def asked() -> dict[str, str]:
    """Each msgid in templates and pages, with a place where it stands."""
    found: dict[str, str] = {}
    for name in SLICES:
        for path in [*(ROOT / name).rglob("*.html"), *(ROOT / name).rglob("*.py")]:
            if "node_modules" in path.parts:
                continue
            for match in CALL.finditer(path.read_text()):
                found[match[1] or match[2]] = str(path.relative_to(ROOT))
    return found


def told() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in SLICES:
        with (ROOT / name / "translations/en/LC_MESSAGES/messages.po").open("rb") as file:
            found |= {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}
    return found


def test_every_sentence_has_its_english_twin():
    twins = told()
    missing = {text: where for text, where in asked().items() if HAN.search(text) and not twins.get(text)}
    assert missing == {}


@pytest.mark.parametrize("name", SLICES)
def test_placeholders_survive_translation(name):
    with (ROOT / name / "translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        for entry in read_po(file):
            names = set(re.findall(r"%\((\w+)\)", str(entry.id)))
            assert names == set(re.findall(r"%\((\w+)\)", str(entry.string))), entry.id


@pytest.mark.parametrize("name", SLICES)
def test_pages_write_no_chinese_outside_of_a_translated_sentence(name):
    """Law citations stay in Chinese in both languages; anything else goes through `_`."""
    bare = []
    for path in (ROOT / name / "templates").rglob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}|<!--.*?-->", "", path.read_text(), flags=re.DOTALL)
        if HAN.search(CITED.sub("", text)):
            bare.append(f"{path.relative_to(ROOT)}: {HAN.findall(CITED.sub('', text))}")
    assert bare == []
