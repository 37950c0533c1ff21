"""Fixtures of the client's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from client_samples import Lot, Tool, built_tool, made_lot

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tool() -> Tool:
    return built_tool()


@pytest.fixture
def lot(tmp_path: Path) -> Lot:
    return made_lot(tmp_path)
