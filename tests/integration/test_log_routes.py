"""The log by GET: what is served, how long it may be kept, and what is not there."""

import pytest
from flask import current_app
from flask_smorest import Api
from log_stage import NAMES, answer, entries, payment, staged

from kernel.db import transaction
from kernel.errors import NotFound
from supervision import log
from supervision.checkpoint import Checkpoint
from supervision.facts import BidSealed, Disclosure
from supervision.note import Note
from supervision.routes import bp
from supervision.tiles import TileError, TileTree


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        app = current_app._get_current_object()
        app.config.update(API_TITLE="log", API_VERSION="1", OPENAPI_VERSION="3.1.0")
        Api(app).register_blueprint(bp)
        app.register_error_handler(NotFound, lambda refusal: ({"code": refusal.code}, 404))
        yield found


@pytest.fixture
def client(stage):
    return current_app.test_client()


class Fetched:
    """A reader that goes through the routes."""

    def __init__(self, client):
        self.client = client

    def get(self, path):
        answer = self.client.get(f"/log/{path}")
        if answer.status_code != 200:
            raise TileError(path)
        return answer.data


def test_a_stranger_reads_the_whole_tree_by_get(stage, client):
    stage.record(*map(answer, range(300)))
    stage.run(stage.sequencer())
    got = client.get("/log/checkpoint")
    head = stage.policy.opened(Note.parse(got.data))[0]
    tree = TileTree(Fetched(client), head.size)
    assert tree.root() == head.root
    assert list(tree.checked_entries()) == entries()
    assert got.headers["Cache-Control"] == "no-store"
    assert got.mimetype == "text/plain"


def test_a_tile_may_be_kept_for_ever(stage, client):
    stage.record(*map(answer, range(300)))
    stage.run(stage.sequencer())
    got = client.get("/log/tile/0/000")
    assert len(got.data) == 8192
    assert "immutable" in got.headers["Cache-Control"]
    assert got.mimetype == "application/octet-stream"


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/00/000",
        "tile/0/0000",
        "tile/0/x000",
        "tile/entries/../../../log.sqlite",
        "tile/0/.000.aa",
        "checkpoint.cosigned",
        "cosigned/0",
        "cosigned/01",
        "cosigned/9999999999999999999",
    ],
)
def test_what_is_not_there_is_not_found(stage, client, path):
    stage.record(answer(1))
    stage.run(stage.sequencer())
    assert client.get(f"/log/{path}").status_code == 404


def test_before_the_first_step_there_is_no_log(client):
    assert client.get("/log/checkpoint").json == {"code": "log_file_missing"}


def test_the_checkpoint_of_a_quorum_is_served_by_size(stage, client):
    sequencer = stage.sequencer()
    stage.record(answer(1))
    stage.run(sequencer)
    stage.cosign(*NAMES)
    stage.run(sequencer)
    assert stage.policy.satisfied(Note.parse(client.get("/log/checkpoint.cosigned").data))
    note = Note.parse(client.get("/log/cosigned/1").data)
    assert stage.policy.satisfied(note)
    assert Checkpoint.parse(note.text).size == 2
    assert client.get("/log/cosigned/3").status_code == 404


def shown_to(client, lot):
    with transaction(write=False):  # the portal opens it for every view that does not open its own
        got = client.get(f"/log/disclosures?lot={lot}").json
    assert got["lot"] == lot
    return got["disclosures"]


def test_disclosures_show_what_is_public_and_nothing_else(stage, client):
    fact = BidSealed(
        lot="A", manifest_sha256="1" * 64, sig_sha256="2" * 64, receipt_id="r", received_at="2026-11-23T01:00:00Z"
    )
    stage.record(fact, payment(1, "A"))
    stage.run(stage.sequencer())
    assert shown_to(client, "A") == []
    with transaction():
        log.disclose_lot("A", Disclosure.AT_OPENING, stage.now)
    (shown,) = shown_to(client, "A")
    assert shown["fact"] == fact.to_json()
    assert set(shown) == {"index", "salt", "fact"}
    assert shown_to(client, "nobody") == []
    assert client.get("/log/disclosures").status_code == 422
