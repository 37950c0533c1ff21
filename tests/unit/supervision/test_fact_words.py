"""The log is read by people: every kind of fact has a name of its own in both languages."""

from __future__ import annotations

import re

from supervision import fact_words, facts

CHINESE = re.compile(r"[一-鿿]")


def test_every_kind_of_fact_has_a_name() -> None:
    assert set(fact_words.WORDS) == set(facts.KINDS)


def test_names_are_chinese_and_english_and_tell_kinds_apart() -> None:
    for words in fact_words.WORDS.values():
        assert CHINESE.search(words.zh)
        assert words.en
        assert not CHINESE.search(words.en)
    for language in ("zh", "en"):
        names = [words.in_language(language) for words in fact_words.WORDS.values()]
        assert len(set(names)) == len(names)


def test_a_kind_without_a_name_stands_for_itself() -> None:
    assert fact_words.of("made.up").zh == "made.up"
