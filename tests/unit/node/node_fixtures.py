"""Four running nodes, and a lot that is published before them."""

from __future__ import annotations

import pytest

from tests.unit.node.node_lot import LotPlay
from tests.unit.node.node_world import ORGS, make_world


@pytest.fixture
def world(tmp_path):
    made = make_world(tmp_path, started=tuple(ORGS))
    yield made
    made.close()


@pytest.fixture
def play(world):
    made = LotPlay(world)
    made.publish()
    return made
