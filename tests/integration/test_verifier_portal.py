"""A stranger archives and rechecks what the real platform publishes of a lot; and what it published falsely is found."""

import sys
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import staged
from flask import Response, current_app
from flask_smorest import Api

from kernel import canonical
from kernel.errors import NotFound
from kernel.site import site
from supervision.routes import bp
from verifier import archive, verify
from verifier.address import Address, AddressError, Downloads
from verifier.case import Given
from verifier.claims import Mark, Report
from verifier.source import FolderArchive, opened


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


def public(name):
    """The released folder as the edge serves it."""
    path = site().public / name
    return Response(path.read_bytes()) if path.is_file() else Response("no such file", 404)


def portal(app, stage):
    """The log's real routes; only a view that does not open its own transaction gets one, as the portal does."""
    app.config.update(API_TITLE="log", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    Api(app).register_blueprint(bp)
    app.register_error_handler(NotFound, lambda refusal: ({"code": refusal.code}, 404))
    app.add_url_rule("/public/<path:name>", view_func=public)

    def served(environ, start_response):
        if environ["PATH_INFO"] != "/log/disclosures":
            return app(environ, start_response)
        with stage.act(write=False):
            return app(environ, start_response)

    return httpx.WSGITransport(app=served)


@pytest.fixture
def fetched(stage, tmp_path, monkeypatch):
    """Collect the tender of a lot into a folder, as `kaibiao archive` does."""
    transport = portal(current_app._get_current_object(), stage)
    monkeypatch.setattr(archive, "SETTLE_S", 0)

    def collect(lot, name="archive"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        with httpx.Client(transport=transport) as client:
            ahead = archive.collect(Downloads(Address("http://portal", lot[:20]), client, folder))
        assert not ahead
        return folder

    return collect


def rechecked(folder):
    with opened(folder) as files:
        return Report(list(verify.claims(files, Given())))


def lies(report):
    return [(claim.topic, claim.words.en) for claim in report.claims if claim.mark is Mark.LIE]


def topics(report, mark):
    return {claim.topic for claim in report.claims if claim.mark is mark}


def played(stage):
    """Four bids, one replaced, one withdrawn; closed, opened and recorded by the platform's own steps."""
    lot = stage.one_lot()
    bids = {name: stage.bid(lot, name, price=f"2{n}000000.00") for n, name in enumerate("甲乙丙丁")}
    stage.run(2)
    stage.bid(lot, "丙", price="18000000.00", prev=bids["丙"].manifest_sha256)
    stage.withdraw(lot, bids["丁"], "丁")
    stage.run(4)
    stage.run_to_close(lot)
    stage.run_until("sealed", lot)
    stage.run(4)
    stage.start(lot)
    stage.run_until("opened", lot)
    stage.run(3)
    return lot


def test_what_the_platform_publishes_of_an_opening_holds(stage, fetched):
    report = rechecked(fetched(played(stage)))
    assert not lies(report)
    held = topics(report, Mark.HOLDS)
    assert {"roll", "papers", "receipts", "withdrawals", "complete", "acks", "closes", "bid", "record"} <= held
    assert sum(claim.topic == "bid" for claim in report.claims) == 3
    assert {"committee", "scores", "result", "award"} <= topics(report, Mark.NOT_DUE)


def test_while_bids_come_in_nothing_lies_and_nothing_is_shown(stage, fetched):
    lot = stage.one_lot()
    stage.bid(lot, "甲")
    stage.run(4)
    folder = fetched(lot)
    report = rechecked(folder)
    assert not lies(report)
    assert {"cut", "roll", "closes"} <= topics(report, Mark.NOT_DUE)
    assert not list(folder.glob("lots/*/roll.json"))


def test_a_price_the_platform_changed_on_the_way_out_is_found(stage, fetched):
    lot = played(stage)
    sheet = next((site().public / "lots" / lot / "sheets").iterdir())
    sheet.write_bytes(sheet.read_bytes().replace(b"000000.00", b"000000.01"))
    assert [topic for topic, _ in lies(rechecked(fetched(lot)))] == ["bid"]


def test_an_archive_of_the_same_files_is_the_same_file(stage, fetched, tmp_path):
    folder = fetched(played(stage))
    for name in ("one.zip", "two.zip"):
        archive.pack(folder, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert not lies(rechecked(tmp_path / "one.zip"))
    assert FolderArchive(folder).names("") == _names(tmp_path / "one.zip")


def _names(path):
    with opened(path) as files:
        return files.names("")


def test_what_is_shown_before_the_log_holds_it_is_named(stage, fetched, tmp_path):
    lot = stage.one_lot()
    stage.run(2)
    folder = fetched(lot)
    told = canonical.decode((folder / "tender.json").read_bytes())
    told["lots"][0]["state"] = "opened"
    assert archive.unsettled(folder, told) == [f"{lot}: opened"]


def test_a_tender_that_is_not_there_is_said_to_be_missing(stage, fetched):
    stage.run(2)
    with pytest.raises(AddressError, match="there is no such file"):
        fetched("E9901010000000999001")
