"""G20 through the doors: who reports what was recorded, what a gap sets off, what the archive says, and what people see."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from flask import g, request
from werkzeug.serving import make_server

from kernel import canonical
from kernel.clock import rfc3339
from livestream.recording import cli, reading
from portal.app import create_app
from portal.scenario import play
from portal.scenario.installation import installed
from portal.scenario.script import load
from supervision import facts
from supervision.recording_facts import RecordingListed
from tendering.contracts.course import told
from tendering.recordings import Phase
from tests.accounts_web import checked
from verifier.cli import verify_main

SCRIPT = """
title = "录像"
trade = "procurement"
pack = "cn.procurement.open.2026"
start = "2026-03-02 09:00"
people = { owner = "青山县教育局", bidders = ["甲公司", "乙公司", "丙公司"] }
lots = [{ name = "教学设备", goods_or_services = "goods" }]
steps = [
  { do = "publish", by = "owner", closes = "2026-03-24 09:30" },
  { do = "bid", by = "bidder1", price = "2000000.00" },
  { do = "bid", by = "bidder2", price = "1900000.00" },
  { do = "bid", by = "bidder3", price = "2100000.00" },
  { wait = "box_closed" },
  { do = "start_opening", by = "owner" },
  { wait = "opened" },
]
"""

ENDED = (
    '{ do = "cancel", by = "owner", reason = "采购任务取消" }',
    '{ do = "cancel", by = "manager" }',
    '{ wait = "15 seconds" }',
    '{ expect = "archive" }',
)


class Opened:
    """A procurement lot after its opening, with the portal in front of it."""

    def __init__(self, world):
        self.world, self.lot = world, world.code(1)
        self.app = create_app(world.here.app.site.settings)

        @self.app.before_request
        def _enter() -> None:
            name = request.headers.get("X-Test-Actor") or request.headers.get("Authorization", "").partition(" ")[2]
            if name:
                g.actor = world.person(name).actor

    def ask(self, method, path, who=None, status=200, **body):
        headers = {"X-Test-Actor": who} if who else {}
        with self.world.clock_stopped():
            answer = self.app.test_client().open(path, method=method, headers=headers, **body)
        assert answer.status_code == status, answer.text[-1500:]
        return answer

    def play(self, folder, *steps):
        path = folder / "more.toml"
        path.write_text(SCRIPT[: SCRIPT.index("steps")] + "steps = [" + ",".join(steps) + "]", "utf-8")
        for step in load(path).steps:
            play._step(self.world, step)

    def window(self):
        with self.world.act(write=False):
            return next(one for one in reading.windows_of(self.lot) if one.phase is Phase.OPENING)

    def segment(self, began, ended, camera="全景", raw=b"picture"):
        return {
            "camera": camera, "began_at": rfc3339(began), "ended_at": rfc3339(ended), "sha256": canonical.sha(raw),
            "size": len(raw),
        }  # fmt: skip

    def report(self, *segments, who="centre", status=201):
        body = {"phase": "opening", "room": "一号厅", "segments": list(segments)}
        return self.ask("POST", f"/api/v1/lots/{self.lot}/recordings", who, status, json=body).get_json()

    def alerts(self):
        with self.world.act(write=False):
            return [row["color"] for row in told(facts.Alert.kind, self.lot) if row["point"] == "S21.G20"]


@pytest.fixture
def opened(tmp_path):
    path = tmp_path / "one.toml"
    path.write_text(SCRIPT, "utf-8")
    scenario = load(path)
    with installed(tmp_path, None, scenario.start) as here:
        world = play._world(scenario, here)
        for step in scenario.steps:
            play._step(world, step)
        yield Opened(world)


def test_g20_only_the_centre_reports_and_the_same_report_twice_is_one(opened):
    window = opened.window()
    segment = opened.segment(window.began_at, window.ended_at)
    for who in ("owner", "bidder1", "expert1", "finance", "supervisor"):
        refused = opened.report(segment, who=who, status=403)
        assert refused["code"] == "role.lacking"
    assert opened.report(segment) == {"taken": 1}
    assert opened.report(segment) == {"taken": 0}
    exchanged = opened.segment(window.began_at, window.ended_at, raw=b"another picture")
    assert opened.report(exchanged, status=409)["code"] == "recording.overlap"
    later = opened.segment(window.began_at, opened.world.now + dt.timedelta(seconds=2), camera="近景")
    assert opened.report(later, status=422)["code"] == "recording.bounds"


def test_g20_a_lot_without_recording_is_alerted_once_each_way_and_a_page_says_so_until_the_centre_explains(opened):
    opened.world.pass_until(opened.world.now + dt.timedelta(seconds=15))
    opened.world.settle()
    opened.world.pass_until(opened.world.now + dt.timedelta(minutes=3))
    assert opened.alerts() == ["yellow", "red"]
    assert "有 1 段缺失" in checked(opened.ask("GET", f"/tenders/{opened.lot[:20]}").text)
    overseen = checked(opened.ask("GET", "/oversight", "supervisor").text)
    assert f"/lots/{opened.lot}/recordings" in overseen
    page = f"/lots/{opened.lot}/recordings"
    assert "<form" not in opened.ask("GET", page).text.partition('id="gaps"')[2]
    assert "公开说明" in opened.ask("GET", page, "centre").text
    gap = opened.ask("GET", f"/api/v1{page}").get_json()["gaps"][0]
    said = {**{name: gap[name] for name in ("phase", "room", "began_at", "ended_at")}, "reason": "停电，备用设备未启动"}
    assert opened.ask("POST", f"/api/v1{page}/missing", "owner", 403, json=said).get_json()["code"] == "role.lacking"
    other = {**said, "began_at": "2026-03-24T01:00:00Z"}
    assert opened.ask("POST", f"/api/v1{page}/missing", "centre", 404, json=other).get_json()["code"]
    opened.ask("POST", f"/api/v1{page}/missing", "centre", 204, json=said)
    assert opened.ask("POST", f"/api/v1{page}/missing", "centre", 409, json=said).get_json()["code"]
    shown = checked(opened.ask("GET", f"{page}?lang=en").text)
    assert "Explained" in shown
    assert "停电，备用设备未启动" in shown
    assert "缺失已说明" in opened.ask("GET", f"/tenders/{opened.lot[:20]}").text
    assert 'recordings"' not in opened.ask("GET", "/oversight", "supervisor").text.partition('id="recordings"')[2]


def test_g20_the_command_hashes_a_folder_and_a_stranger_checks_one_file(opened, tmp_path, capsys, monkeypatch):
    window = opened.window()
    folder = tmp_path / "camera"
    folder.mkdir()
    stamp = "{:%Y%m%dT%H%M%SZ}".format
    name = f"hall-1_{stamp(window.began_at)}_{stamp(window.ended_at)}.mp4"
    (folder / name).write_bytes(b"what the camera saw")
    (folder / "notes.txt").write_text("not a recording")
    monkeypatch.setenv("KAIBIAO_TOKEN", "centre")
    server = make_server("127.0.0.1", 0, opened.app, threaded=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        add = ["add", opened.lot, str(folder), "--phase", "opening", "--room", "一号厅", "--url", url]
        assert cli.recording_main(add) == 0
        assert "1 new segments" in capsys.readouterr().out
        assert cli.recording_main(["add", opened.lot, str(folder / "notes.txt"), *add[3:]]) == 2
        assert "CAMERA_BEGAN_ENDED" in capsys.readouterr().err
        assert cli.recording_main(["show", opened.lot, "--url", url]) == 0
        assert canonical.sha(b"what the camera saw") in capsys.readouterr().out
        opened.world.settle()
        tender = f"{url}/tenders/{opened.lot[:20]}"
        assert _verified(tender, folder / name) == 0
        assert "hall-1" in capsys.readouterr().out
        (folder / name).write_bytes(b"what the camera did not see")
        assert _verified(tender, folder / name) == 1
        assert "no segment with hash" in capsys.readouterr().out
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _verified(tender, file):
    return verify_main([tender, "--segment", str(file), "--lang", "en", "--all"])


def test_g20_the_list_of_a_lot_that_ended_says_itself_that_it_is_not_complete(opened, tmp_path):
    """Cancelled after its opening, without a recording: nothing stops the archive, and it lists the gap without a reason."""
    window = opened.window()
    opened.play(tmp_path, *ENDED)
    with opened.world.act(write=False):
        course = reading.course_of(opened.lot)
        found = told(RecordingListed.kind, opened.lot)
    assert [(one["gaps"], one["complete"], one["segments"]) for one in found] == [(1, False, 0)]
    listed = canonical.decode(course.contents)
    assert [(one["room"], one["reason"]) for one in listed["gaps"]] == [("", None)]
    assert opened.ask("GET", f"/public/lots/{opened.lot}/recordings.json").data == course.contents
    late = opened.segment(window.began_at, window.ended_at)
    assert opened.report(late, status=409)["code"] == "recording.sealed"


def test_g20_what_was_recorded_makes_the_list_of_an_ended_lot_complete(opened, tmp_path):
    window = opened.window()
    opened.report(opened.segment(window.began_at, window.ended_at))
    opened.play(tmp_path, *ENDED)
    with opened.world.act(write=False):
        found = told(RecordingListed.kind, opened.lot)
    assert [(one["gaps"], one["complete"], one["segments"]) for one in found] == [(0, True, 1)]
    assert opened.alerts() == ["yellow"], (
        "nobody heard of the recorder while it ran; what it reports later takes that not back"
    )
