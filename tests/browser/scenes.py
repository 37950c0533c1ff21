"""The portal behind an address, with the people of a stage or of a play in front of its pages."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspection import Inspector
from playwright.sync_api import Browser
from visitors import Visitor
from werkzeug.serving import make_server

sys.path.insert(0, str(Path(__file__).parents[1]))
from negotiation_stage import signed_in
from portal_doors import Street
from portal_stage import PortalStage, staged

from accounts.actor import Actor
from kernel import clock
from portal.app import Platform
from portal.limits import limiter
from portal.scenario import script
from portal.scenario.installation import installed
from portal.scenario.play import _step, _world
from portal.scenario.world import World

SCENARIOS = Path(__file__).parents[1] / "scenarios"
SAID = (
    "青山县农村公路改造工程施工招标公告", "青山县农村公路改造工程", "路基、路面、桥涵、交通安全设施施工", "全长 12.6 公里", "县级财政资金",
    "公路工程施工总承包三级及以上", "在本平台封标后上传", "自公告发布起在本平台免费下载", "青发改投资〔2026〕18号", "第一标段", "第一包", "第二标段",
    "青山县人民路1号", "王工", "招标文件.pdf", "提问之文？", "异议之文。", "异议之求。", "投诉之文。", "投诉之求。", "答异之文。",
    "指令之由与理由。", "《招标投标法实施条例》第八十一条", "立项撤销，终止招标", "投标人1", "投标人2", "投标人3", "单位", "青山县中学教学用计算机采购", "教学用计算机采购",
    "青发改〔2026〕77号", "只有该供应商持有此设备的接口专利", "张三", "李四", "某",
)  # fmt: skip
"""Words of people, which no catalog translates."""


@dataclass
class Place:
    """An address and a browser before it; `token` signs somebody in."""

    browser: Browser
    url: str
    folder: Path
    token: Callable[[Actor], str]

    def look(self, inspector: Inspector, who: Actor | None, *paths: str) -> None:
        limiter.reset()
        visitor = Visitor.arriving(self.browser, self.url, self.folder)
        if who is not None:
            visitor.page.context.set_extra_http_headers({"Authorization": f"Bearer {self.token(who)}"})
        for path in paths:
            assert visitor.page.request.get(f"{self.url}{path}").status == 200, path
        inspector.looks_at(visitor, *paths)
        visitor.leave()


@dataclass
class Scene(Place):
    """A portal whose tenders the stage brings to the state a page is about."""

    stage: PortalStage


@contextlib.contextmanager
def listening(app: Platform, now: Callable[[], dt.datetime]) -> Iterator[str]:
    """The application at an address of its own, its clock being the stage's."""

    def on_time(environ: dict[str, Any], start: Any) -> Any:
        with clock.at(now()):
            return app(environ, start)

    server = make_server("127.0.0.1", 0, on_time, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def opened(folder: Path, browser: Browser) -> Iterator[Scene]:
    with staged(folder) as stage, listening(stage.app, lambda: stage.now) as url:
        stage.now = clock.wall().replace(microsecond=0)
        yield Scene(browser, url, folder, Street(stage, bidders="").token, stage)


@dataclass
class PlayedScene(Place):
    """A portal in whose world a scenario was played."""

    world: World


@contextlib.contextmanager
def played(folder: Path, browser: Browser, scenario: str, upto: str) -> Iterator[PlayedScene]:
    """One of the scenario files, stopped before the first step of the word `upto`."""
    told = script.load(SCENARIOS / f"{scenario}.toml")
    begun = itertools.takewhile(lambda step: step.word.name != upto, told.steps)
    folder.joinpath("play").mkdir()
    with installed(folder / "play", None, told.start) as here:
        world = _world(told, here)
        for step in begun:
            _step(world, step)
        with listening(here.app, lambda: world.now) as url:
            yield PlayedScene(browser, url, folder, lambda actor: signed_in(world, actor), world)
