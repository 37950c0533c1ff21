"""The pages of the review of qualification and of corrected prices: access rules, a phone's width, both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import scenes
from inspection import Inspector, words_of_people
from playwright.sync_api import Browser
from scenes import PlayedScene

from evaluation.review import clarification
from portal.assets import DIST

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the client is not built"),
]
SAID = (
    "经办人",
    "投标文件.pdf",
    "青山县农村公路改造工程招标公告",
    "第1标段",
    "教学设备",
    "投影机",
    "课桌",
    "壹佰玖拾壹万元整",
    "营业执照已被吊销",
)
"""Words of people, and of the question whose exact words the log holds."""


def _looks(place: PlayedScene, who: dict[str, tuple[str, ...]]) -> None:
    names = (person.name for person in place.world.people.values())
    with place.world.act(write=False):
        asked = [line for one in clarification.of_lot(place.world.code(1)) for line in one.text.splitlines()]
    found = Inspector(words_of_people(*scenes.SAID, *SAID, *names, *asked))
    for part, paths in who.items():
        actor = place.world.people[part].actor if part else None
        place.look(found, actor, *(path.format(lot=place.world.code(1), tender=place.world.tender) for path in paths))
    assert "\n".join(found.findings) == ""


def test_a_review_of_qualification_that_waits(tmp_path: Path, chromium: Browser) -> None:
    with scenes.played(tmp_path, chromium, "procurement_qualification_turned_away", "score") as place:
        _looks(
            place,
            {
                "agency": ("/lots/{lot}/qualification", "/owner/tenders/{tender}"),
                "bidder1": ("/lots/{lot}/qualification",),
            },
        )


def test_a_review_of_qualification_that_was_given(tmp_path: Path, chromium: Browser) -> None:
    with scenes.played(tmp_path, chromium, "procurement_qualification_turned_away", "score_all") as place:
        page = ("/lots/{lot}/qualification",)
        _looks(place, {"owner": page, "bidder4": (*page, "/desk/{lot}"), "bidder1": page, "": page})


def test_a_price_that_waits_to_be_confirmed(tmp_path: Path, chromium: Browser) -> None:
    with scenes.played(tmp_path, chromium, "procurement_price_corrected", "answer_correction") as place:
        member = ("/evaluate/{lot}/arithmetic", "/evaluate/{lot}/review")
        _looks(place, {"expert1": member, "bidder2": ("/desk/{lot}/price", "/desk/{lot}/clarifications")})


def test_a_result_with_a_corrected_price(tmp_path: Path, chromium: Browser) -> None:
    with scenes.played(tmp_path, chromium, "procurement_price_corrected", "publicity") as place:
        _looks(place, {"": ("/lots/{lot}/result",), "owner": ("/owner/lots/{lot}/award",)})
