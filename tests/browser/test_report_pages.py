"""The pages of the evaluation report and of the committee's time, looked at like the others: access, a phone's width, both languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import scenes
from inspection import Inspector, words_of_people
from playwright.sync_api import Browser
from scenes import PlayedScene

from evaluation.report import duration
from portal.assets import DIST
from portal.scenario import verbs_report

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the client is not built"),
]
SAID = (
    "经办人", "第1标段", "青山县农村公路改造工程招标公告", "市政工程", "路基、路面、桥涵、交通安全设施", "投标文件.pdf",
    "对南山路桥的业绩认定持不同意见", "技术标二百卷，八小时读不完", "需要复核工程量清单", "图纸量大",
)  # fmt: skip
"""Words of people, which no catalog translates."""


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    found = Inspector(words_of_people(*scenes.SAID, *SAID))
    yield found
    assert found.findings == [], "\n".join(found.findings)


def listen(place: PlayedScene, inspector: Inspector) -> str:
    inspector.said = words_of_people(*scenes.SAID, *SAID, *(person.name for person in place.world.people.values()))
    return place.world.code(1)


def test_a_report_is_signed_and_a_silence_recorded(tmp_path: Path, chromium: Browser, inspector: Inspector) -> None:
    with scenes.played(tmp_path, chromium, "construction_report_dissent_and_silence", "record_silence") as place:
        world, lot = place.world, listen(place, inspector)
        people = {name: person.actor for name, person in world.people.items()}
        place.look(inspector, people["seat5"], f"/evaluate/{lot}", f"/evaluate/{lot}/report")
        place.look(inspector, people["seat1"], f"/evaluate/{lot}/report")
        place.look(inspector, people["centre"], f"/ops/committees/{lot}/report", f"/ops/committees/{lot}")
        world.pass_until(world.now + dt.timedelta(hours=2))
        verbs_report.record_silence(world, world.people["centre"], world.people["seat5"])
        place.look(inspector, None, f"/lots/{lot}/result", f"/tenders/{world.tender}")


def test_a_short_time_is_said_and_the_owner_asked(tmp_path: Path, chromium: Browser, inspector: Inspector) -> None:
    with scenes.played(tmp_path, chromium, "construction_time_too_short", "short_of_time") as place:
        world, lot = place.world, listen(place, inspector)
        people = {name: person.actor for name, person in world.people.items()}
        place.look(inspector, people["seat3"], f"/evaluate/{lot}", f"/evaluate/{lot}/time")
        for name in ("seat2", "seat3"):
            with world.act(write=False):
                said = name in {one.alias.replace("E", "seat") for one in duration.short(lot)}
            if not said:
                with world.act() as now:
                    duration.press(people[name], lot, "图纸量大", now)
        place.look(inspector, people["seat3"], f"/evaluate/{lot}/time")
        place.look(inspector, people["owner"], f"/owner/lots/{lot}/award", f"/owner/lots/{lot}/evaluation-time")
        place.look(inspector, people["centre"], f"/ops/committees/{lot}/report")
