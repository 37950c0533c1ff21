"""Bad input at every door: a clear refusal with its code and rule, never an accident, and nothing lost."""

from __future__ import annotations

import io
import json

import pytest
from portal_doors import BODIES, MB, PARTS, QUERIES, UNSAFE, VALUES, Doorway, Street, accident, built, doorways

from bidding.models import Bid, Upload
from kernel.settings import load
from portal.app import create_app


def _all_doors() -> list[Doorway]:
    """Read from the address map, so that a new door is tested from its first day."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return doorways(create_app(load({"KAIBIAO_VAR": folder})).url_map.iter_rules())


DOORS = _all_doors()
WRITING = [door for door in DOORS if door.method in UNSAFE]
CALLS = [door for door in WRITING if door.api]
FORMS = [door for door in WRITING if not door.api]
READING = [door for door in DOORS if door.method == "GET"]


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    yield from built(tmp_path_factory.mktemp("street"))


@pytest.fixture(autouse=True)
def nothing_lost(street):
    """Whatever is pushed through a door, the three bids that lie in the box lie in it afterwards."""
    before = [(bid.id, bid.status, bid.manifest_sha256) for bid in street.stage.rows(Bid)]
    yield
    assert [(bid.id, bid.status, bid.manifest_sha256) for bid in street.stage.rows(Bid)] == before


@pytest.mark.parametrize("door", CALLS, ids=str)
def test_a_call_with_a_bad_body_is_refused_clearly(street: Street, door):
    path = street.path(door)
    for actor in street.admitted(door, path):
        for raw in BODIES.values():
            assert accident(street.json(door.method, path, actor, raw), door) is None


@pytest.mark.parametrize("door", CALLS, ids=str)
def test_a_call_with_fields_of_wrong_types_is_refused_clearly(street: Street, door):
    path = street.path(door)
    actor = street.admitted(door, path)[-1]
    names = street.fields(door)
    for value in VALUES:
        raw = json.dumps(dict.fromkeys(names, value)).encode()
        assert accident(street.json(door.method, path, actor, raw), door) is None


@pytest.mark.parametrize("door", FORMS, ids=str)
def test_a_form_that_no_page_would_send_is_refused_clearly(street: Street, door):
    path = street.path(door)
    forms = [{}, {"a": "\0"}, dict.fromkeys(street.form_fields, "x"), dict.fromkeys(street.form_fields, "\ufffe" * 999)]
    for actor in street.admitted(door, path):
        for form in forms:
            assert accident(street.ask(door.method, path, actor, data=form), door) is None
        file = {"file": (io.BytesIO(b""), "\0/../x"), "document": (io.BytesIO(b"x"), "..")}
        assert accident(street.ask(door.method, path, actor, data=file), door) is None
        answer = street.ask(door.method, path, actor, data=b"\xff", content_type="multipart/form-data")
        assert accident(answer, door) is None


@pytest.mark.parametrize("door", WRITING, ids=str)
def test_a_lot_in_another_state_is_refused_clearly(street: Street, door):
    for actor in street.people.values():
        assert accident(street.json(door.method, street.path(door, "draft"), actor, b"{}"), door) is None


@pytest.mark.parametrize("door", READING, ids=str)
def test_an_odd_question_is_answered_clearly(street: Street, door):
    path = street.path(door)
    for actor in street.admitted(door, path):
        for query in QUERIES:
            assert accident(street.ask("GET", f"{path}?{query}", actor), door) is None


@pytest.mark.parametrize("door", [door for door in DOORS if door.arguments], ids=str)
def test_an_odd_address_leads_nowhere(street: Street, door):
    actor = street.admitted(door, street.path(door))[-1]
    for part in PARTS:
        path = door.path(dict.fromkeys(door.arguments, part))
        answer = street.ask(door.method, path, actor)
        if answer.status_code not in (404, 405):
            assert accident(answer, door) is None


@pytest.mark.parametrize("door", CALLS, ids=str)
def test_a_body_of_seventeen_megabytes_is_refused_before_it_is_read(street: Street, door):
    actor = street.people["bidding"]
    told = {"CONTENT_LENGTH": str(17 * MB)}
    answer = street.ask(door.method, street.path(door), actor, environ_overrides=told)
    assert accident(answer, door) is None
    if "uploads" not in door.rule and "documents" not in door.rule:
        assert (answer.status_code, answer.json["code"]) == (413, "body.too-large")
        assert answer.json["rule"]


def test_a_chunked_body_that_names_no_length_stops_at_the_limit(street: Street):
    class Endless(io.RawIOBase):
        given = 0

        def readinto(self, room) -> int:
            self.given += len(room)
            room[:] = b" " * len(room)
            return len(room)

    stream = Endless()
    arriving = {"wsgi.input": stream, "wsgi.input_terminated": True}
    answer = street.ask("POST", "/api/v1/organizations", content_type="application/json", environ_overrides=arriving)
    assert answer.status_code == 413
    assert stream.given <= 17 * MB


@pytest.mark.slow
@pytest.mark.postgres
def test_postgresql_sees_none_of_it_either(tmp_path):
    """It refuses a NUL and a number out of range where SQLite takes them."""
    for street in built(tmp_path, "postgres"):
        for door in CALLS:
            path = street.path(door)
            actor = street.admitted(door, path)[-1]
            for value in VALUES:
                raw = json.dumps(dict.fromkeys(street.fields(door), value)).encode()
                assert accident(street.json(door.method, path, actor, raw), door) is None
            for part in PARTS[:5]:
                street.ask(door.method, door.path(dict.fromkeys(door.arguments, part)), actor)


def test_no_upload_was_left_behind_by_bad_calls(street: Street):
    uploads = street.stage.rows(Upload)
    assert all(upload.state.value == "taken" for upload in uploads)
