"""A local pack may only be stricter than the law; two versions compare in words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import Conflict, Invalid
from tendering import packs, strictness
from tendering.pack_changes import changes
from tendering.packs_cli import packs_main

LAW = "cn.construction.open.2026"
LOCAL = {
    "id": "qingjiang.construction.open.2026",
    "version": 1,
    "base": LAW,
    "title_zh": "清江县",
    "title_en": "Qingjiang",
}


def recipe(**changed: Any) -> bytes:
    return json.dumps({**LOCAL, **changed}, ensure_ascii=False).encode()


@pytest.fixture
def nothing_local() -> Iterator[None]:
    yield
    packs.LOCAL.clear()


@pytest.mark.parametrize(
    ("rule", "value"),
    [("C09", 25), ("C09", 20), ("C14", 2), ("C15", 1), ("C36", 7), ("C15.works", 50_000_000), ("C01.works", 200_000_000), ("C62", 20)],
)  # fmt: skip
def test_what_is_stricter_is_taken(rule: str, value: int) -> None:
    local = strictness.read(recipe(values={rule: value}))
    assert next(found.value for found in local.rules if found.id == rule) == value


@pytest.mark.parametrize(
    ("rule", "value"),
    [("C09", 19), ("C14", 4), ("C15", 3), ("C36", 3), ("C15.works", 90_000_000), ("C36.experts", 1), ("C30", 2), ("C62", 10)],
)  # fmt: skip
def test_what_is_looser_is_refused_with_its_rule(rule: str, value: int) -> None:
    with pytest.raises(Conflict) as refusal:
        strictness.read(recipe(values={rule: value}))
    assert refusal.value.code == "pack.looser"
    assert refusal.value.rule is not None
    assert refusal.value.rule.startswith(f"{rule} ")
    assert refusal.value.detail["rules"] == [rule]


def test_a_local_pack_may_add_a_rule_but_not_rewrite_one() -> None:
    own = {
        "id": "QJ01", "clause": "清江县规定", "zh": "开标全程直播。", "en": "Openings are streamed.", "kind": "text", "value": None,
        "unit": None, "count": None, "roll": False, "from": None, "to": None, "guards": ["T12"], "does": "R", "alert": None, "unverified": False,
    }  # fmt: skip
    local = strictness.read(recipe(rules=[own]))
    assert local.rules[-1].id == "QJ01"
    twin = next(rule for rule in json.loads(packs.load(LAW).raw)["rules"] if rule["id"] == "C09")
    with pytest.raises(Conflict, match="C09"):
        strictness.read(recipe(rules=[{**twin, "unit": "working_day"}]))


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b"null", recipe(base="cn.nothing"), b'{"base": 1}', recipe(rules=[{"id": "x"}])]
)
def test_what_is_no_pack_is_refused_clearly(raw: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        strictness.read(raw)
    assert refusal.value.code == "pack.unreadable"


def test_an_adopted_pack_is_offered_and_chosen(tmp_path: Path, nothing_local: None) -> None:
    (tmp_path / "local.json").write_bytes(recipe(values={"C09": 30}))
    strictness.adopt(tmp_path)
    assert LOCAL["id"] in {pack.id for pack in packs.offered(practice=False)}
    assert packs.load(str(LOCAL["id"])).base == LAW


def test_a_folder_with_a_looser_pack_is_refused_whole(tmp_path: Path, nothing_local: None) -> None:
    (tmp_path / "a.json").write_bytes(recipe(values={"C09": 30}))
    (tmp_path / "b.json").write_bytes(recipe(id="b", values={"C09": 3}))
    with pytest.raises(Conflict, match="C09"):
        strictness.adopt(tmp_path)
    assert not packs.LOCAL


def test_what_changed_is_said_in_words() -> None:
    law, local = packs.load(LAW), strictness.read(recipe(values={"C09": 30}))
    found = changes(law, local)
    assert [(change.rule, change.words.zh) for change in found] == [("C09", "数字由“20日”改为“30日”")]
    assert found[0].words.en == "the number was “20 days” and is now “30 days”"
    assert changes(law, law) == []


def test_rules_that_came_and_went_are_named() -> None:
    plain, prequalified = packs.load(LAW), packs.load("cn.construction.prequalified.2026")
    came = {change.rule for change in changes(plain, prequalified)}
    assert came == {"C07", "C08", "C11", "C13.prequalification"}
    assert all(change.words.en.startswith("gone: ") for change in changes(prequalified, plain))


def test_the_command_lists_shows_compares_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert packs_main(["list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in packs.names())
    assert packs_main(["show", LAW]) == 0
    assert "《招标投标法》第二十四条" in capsys.readouterr().out
    assert packs_main(["compare", LAW, LAW]) == 0
    assert "nothing changed" in capsys.readouterr().out
    file = tmp_path / "local.json"
    file.write_bytes(recipe(values={"C09": 3}))
    assert packs_main(["check", str(file)]) == 1
    assert "C09 《招标投标法》第二十四条" in capsys.readouterr().err
    file.write_bytes(recipe(values={"C09": 30}))
    assert packs_main(["check", str(file)]) == 0
    assert packs_main(["check", str(tmp_path / "none.json")]) == 1
    assert packs_main(["show", "cn.nothing"]) == 1
