"""One PostgreSQL server for the whole run, started by the controlling process; quick folders go without."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import settings
from tools import postgres

# How long an example takes says how busy the machine is, nothing about the rule.
settings.register_profile("house", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)  # `make check`; `make test` tries them all
settings.load_profile("house")

QUICK = ("tests/unit", "tests/property", "tests/house")
_running = contextlib.ExitStack()


def _wanted(config: pytest.Config) -> bool:
    if hasattr(config, "workerinput") or config.option.collectonly or os.environ.get("KAIBIAO_TEST_POSTGRES"):
        return False
    return not all(str(arg).startswith(QUICK) for arg in config.args)


def pytest_configure(config: pytest.Config) -> None:
    if _wanted(config):
        os.environ["KAIBIAO_TEST_POSTGRES"] = _running.enter_context(postgres.server())


def pytest_unconfigure() -> None:
    _running.close()


@pytest.fixture
def root() -> Path:
    """The repository."""
    return Path(__file__).parent.parent
