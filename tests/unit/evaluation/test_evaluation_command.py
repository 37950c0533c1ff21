"""`kaibiao score` builds the sheet it signs itself, from the evaluator's file and the lot's method."""

import json

import pytest
from evaluation_samples import LOT, entry, method

from evaluation import cli, sheets, spec
from kernel import canonical
from kernel.errors import Invalid

SPEC = method()
ROOM = {
    "lot": LOT,
    "alias": "E2",
    "method": spec.to_json(SPEC),
    "method_sha256": SPEC.sha256,
    "bids": [{"bid_id": "a" * 32, "bidder": "甲公司"}, {"bid_id": "b" * 32, "bidder": "乙公司"}],
}
GOOD = entry({"plan": "30", "staff": "20"})


def test_bids_may_be_named_by_their_bidder():
    raw = cli.sheet_of(ROOM, {"bids": {"甲公司": GOOD, "b" * 32: GOOD}})
    found = sheets.parse(raw)
    assert set(found.bids) == {"a" * 32, "b" * 32}
    assert (found.evaluator, found.lot, found.method_sha256) == ("E2", LOT, SPEC.sha256)
    assert canonical.encode(canonical.decode(raw)) == raw


def test_a_sheet_with_a_fault_is_not_signed():
    with pytest.raises(Invalid) as refused:
        cli.sheet_of(ROOM, {"bids": {"甲公司": GOOD}})
    assert refused.value.code == "sheet.incomplete"


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"bids": []}', b'{"bids": {"a": 1.5}}'])
def test_a_file_that_is_no_sheet_is_refused_before_anything_is_sent(tmp_path, capsys, raw):
    path = tmp_path / "sheet.json"
    path.write_bytes(raw)
    key = tmp_path / "key.age"
    key.write_bytes(b"")
    args = ["--url", "http://127.0.0.1:1", "--lot", LOT, "--key", str(key), "--sheet", str(path)]
    assert cli.score_main(args) == cli.WRONG
    assert "kaibiao score" in capsys.readouterr().err


def test_a_portal_that_does_not_answer_is_said_in_a_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("KAIBIAO_TOKEN", "t")
    path = tmp_path / "sheet.json"
    path.write_text(json.dumps({"bids": {}}))
    args = ["--url", "http://127.0.0.1:9", "--lot", LOT, "--key", str(path), "--sheet", str(path)]
    assert cli.score_main(args) == cli.WRONG
    assert "Traceback" not in capsys.readouterr().err
