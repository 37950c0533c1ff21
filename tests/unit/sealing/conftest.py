from __future__ import annotations

import pytest
from sealed_lot import Lot, make_lot


@pytest.fixture(scope="session")
def lot() -> Lot:
    return make_lot()
