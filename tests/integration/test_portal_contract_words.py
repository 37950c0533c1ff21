"""The contract reads in Chinese first: every group of calls and every call has its sentence, in both languages."""

import re

import pytest

from kernel.settings import load
from portal import pages
from portal.app import create_app

HAN = re.compile(r"[一-鿿]")


@pytest.fixture
def app(tmp_path):
    return create_app(load({"KAIBIAO_VAR": str(tmp_path)}))


def spec(app):
    return app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()


def test_every_call_and_every_group_has_a_chinese_sentence_and_none_is_left_over(app):
    told = spec(app)
    calls = {f"{m} {path}" for path, entry in told["paths"].items() for m in entry if m in pages.METHODS}
    assert set(pages.operations()["operations"]) == calls
    assert set(pages.operations()["tags"]) == {tag["name"] for tag in told["tags"]}


def test_the_page_of_the_contract_speaks_the_language_that_is_asked_for():
    words = pages.operations()
    for sentence in (*words["tags"].values(), *words["operations"].values()):
        assert HAN.search(sentence)
