"""Every sentence of a page of accounts and livestream has its English twin, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["accounts", "livestream"])
def test_every_sentence_has_its_english_twin(name):
    with (ROOT / name / "translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        known = {message.id: message.string for message in read_po(file) if message.id}
    found = {message[2] for message in extract_from_dir(ROOT / name, method_map=[("**.html", "jinja2")])}
    assert found
    assert found <= {said for said, english in known.items() if english}
    for said, english in known.items():
        assert sorted(re.findall(r"%\(\w+\)s", said)) == sorted(re.findall(r"%\(\w+\)s", english))
