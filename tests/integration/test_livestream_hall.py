"""The opening hall over HTTP, through a whole opening: before, while it runs, after; for the public and for a bidder."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import staged
from log_stage import ENGINES

from accounts.models import Person
from accounts.passwords import hashed
from accounts.sessions import Attempt, sign_in
from kernel import clock
from kernel.db import db
from kernel.site import site
from livestream import feed
from portal.app import create_app
from tests.accounts_web import PASSWORD, checked

SECRETS = re.compile(r"2[0-3]000000|2[0-3],000,000|BEGIN|argon2")


class Told(list):
    def append(self, payload):
        feed.deliver(payload)
        super().append(payload)


class Hall:
    """A stage with the portal in front of it."""

    def __init__(self, stage):
        self.stage, self.app = stage, create_app(site().settings)
        stage.events = Told()
        self.lot = stage.one_lot()
        self.tokens = {}

    def get(self, path, who=None, status=200, **headers):
        if who:
            headers["Authorization"] = f"Bearer {self.token(who)}"
        with clock.at(self.stage.now):
            answer = self.app.test_client().get(path, headers=headers)
        assert answer.status_code == status, answer.text[-2000:]
        return answer

    def page(self, who=None, language="zh"):
        return checked(self.get(f"/lots/{self.lot}/opening?lang={language}", who).text)

    def token(self, name):
        if name not in self.tokens:
            actor = self.stage.bidder_of(name).actor
            with self.stage.act():
                person = db.session.get_one(Person, actor.person_id)
                person.password_hash, login = hashed(PASSWORD), person.login
            with clock.at(self.stage.now):
                self.tokens[name] = sign_in(Attempt(login, PASSWORD, api=True), self.stage.now).token
        return self.tokens[name]


@pytest.fixture(params=ENGINES)
def hall(request, tmp_path):
    with staged(tmp_path, request.param) as stage:
        yield Hall(stage)


def test_the_hall_counts_down_tells_live_and_keeps_the_record(hall):
    stage, lot = hall.stage, hall.lot
    for number, name in enumerate("甲乙丙丁"):
        stage.bid(lot, name, price=f"2{number}000000.00")
    stage.run(3)
    before = hall.page()
    assert "data-countdown" in before
    assert not re.search(
        r'data-line="|class="envelope" data-state="(opened|sealed)" role', before.split("<template")[0]
    )
    assert not SECRETS.search(before)
    hall.get(f"/public/lots/{lot}/events/head.json", status=404)
    board = hall.get(f"/api/v1/lots/{lot}/board").get_json()
    assert (board["phase"], board["last"], board["lines"]) == ("before", 0, [])

    stage.run_to_close(lot)
    stage.run(5)
    waiting = hall.page()
    assert "已签认封箱" in waiting
    assert not SECRETS.search(waiting)

    stage.start(lot)
    seen = set()
    for _ in range(100):
        stage.run()
        steps = [event.get("step") for event in feed.read(lot)]
        seen.add(steps[-1])
        if "readout" not in steps:
            assert not SECRETS.search(hall.page())
        if "confirming" in steps:
            break
    mine = hall.page("甲")
    assert f"/desk/{lot}/opening/confirm" in mine
    assert f"/desk/{lot}/opening/confirm" in hall.get(f"/lots/{lot}/opening/mine", "甲").text
    assert "opening/confirm" not in hall.page()
    assert hall.get(f"/lots/{lot}/opening/mine").text.strip() == ""

    stage.run_until("opened", lot)
    stage.run(2)
    after = hall.page()
    assert after.count('data-line="') == 4
    assert "20,000,000.00" in after
    assert "贰仟万元整" in after
    assert re.search(r'id="record-sha">[0-9a-f]{64}<', after)
    assert "Opening record" in hall.page(language="en")


def test_the_portal_serves_the_public_folder_when_no_edge_does_and_no_streams(hall):
    stage, lot = hall.stage, hall.lot
    for name in "甲乙丙":
        stage.bid(lot, name)
    stage.run_to_close(lot)
    stage.run(3)
    stream = hall.get(f"/live/{lot}/events", status=503)
    assert stream.headers["Retry-After"]
    head = hall.get(f"/public/lots/{lot}/events/head.json")
    assert json.loads(head.data)["last"] == len(feed.read(lot))
    again = hall.get(f"/public/lots/{lot}/events/head.json", status=304, **{"If-None-Match": head.headers["ETag"]})
    assert again.data == b""
    part = hall.get(f"/public/lots/{lot}/events/events.ndjson", status=206, Range="bytes=0-4")
    assert part.data == b'{"at"'
    for path in ("/public/../kaibiao.sqlite", "/public/%2e%2e/kaibiao.sqlite", "/public/lots", "/public/.hidden"):
        hall.get(path, status=404)


def test_a_lot_that_is_not_published_has_no_hall(hall):
    hall.get("/lots/E9901010000000999001001/opening", status=404)
    board = hall.get("/api/v1/lots/E9901010000000999001001/board", status=404)
    assert board.get_json()["code"] == "lot.unknown"


def test_the_hall_of_a_failed_lot_says_so_and_shows_no_bid(hall):
    stage, lot = hall.stage, hall.lot
    stage.bid(lot, "甲", price="20000000.00")
    stage.run_to_close(lot)
    stage.run_until("failed", lot)
    stage.run(2)
    page = hall.page()
    assert "有效投标不足法定数量" in page
    assert not SECRETS.search(page)
