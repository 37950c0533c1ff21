"""An installation takes up its own law packs when it starts, if they are as strict as the law."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.errors import Conflict
from kernel.settings import load
from portal.app import create_app
from tendering import packs


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "packs").mkdir()
    yield tmp_path
    packs.LOCAL.clear()


def put(folder: Path, days: int) -> None:
    recipe = {
        "id": "qingjiang.construction.open", "version": 1, "base": "cn.construction.open.2026", "title_zh": "清江县建设工程规则包",
        "title_en": "Qingjiang: construction", "values": {"C09": days},
    }  # fmt: skip
    (folder / "packs" / "county.json").write_text(json.dumps(recipe, ensure_ascii=False))


def test_p15_a_stricter_pack_stands_among_the_law_with_what_it_changes(folder: Path) -> None:
    put(folder, 25)
    create_app(load({"KAIBIAO_VAR": str(folder)}))
    local = packs.load("qingjiang.construction.open")
    assert next(rule.value for rule in local.rules if rule.id == "C09") == 25
    assert local.id in packs.names()


def test_an_installation_does_not_start_on_a_looser_pack(folder: Path) -> None:
    put(folder, 15)
    with pytest.raises(Conflict) as refusal:
        create_app(load({"KAIBIAO_VAR": str(folder)}))
    assert refusal.value.rule == "C09 《招标投标法》第二十四条"
    assert packs.names() == tuple(sorted(set(packs.names()) - {"qingjiang.construction.open"}))


def test_another_installation_in_the_same_process_has_only_its_own(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    put(folder, 25)
    create_app(load({"KAIBIAO_VAR": str(folder)}))
    create_app(load({"KAIBIAO_VAR": str(tmp_path_factory.mktemp("other"))}))
    assert "qingjiang.construction.open" not in packs.names()
