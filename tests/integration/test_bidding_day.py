"""One lot from the first bid to the published record, with four trustees in this process."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import cut_json, staged

from bidding.models import Roll
from bidding.states import ReceiptState


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


def test_c33_c35_m87_g19_a_lot_is_sealed_opened_read_out_and_published(stage):
    lot = stage.one_lot()
    bids = {name: stage.bid(lot, name, price=f"2{n}000000.00") for n, name in enumerate("甲乙丙丁")}
    first = stage.standing(bids["甲"], "甲")
    assert first.state is ReceiptState.RECEIVED
    stage.run(8)
    assert stage.standing(bids["甲"], "甲").state is ReceiptState.WITNESSED
    stage.run_to_close(lot)
    stage.run_until("sealed", lot)
    stage.run(4)
    assert stage.rows(Roll)[0].count == 4
    stage.start(lot)
    stage.run_until("opened", lot)
    assert [row["price"] for row in stage.told("bid.readout")]
    record = cut_json(stage, lot, "record.json")
    assert [bid["outcome"] for bid in record["bids"]] == ["opened"] * 4
