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
LONG = (
    "tests/browser/test_platform_pages", "tests/integration/test_scenarios", "tests/browser", "tests/faults",
    "tests/integration/test_walk",
)  # fmt: skip
"""Files of few and long tests, the longest first."""
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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that no worker is left alone with one at the end; the order within is anybody's."""
    items.sort(key=lambda item: next((place for place, name in enumerate(LONG) if item.nodeid.startswith(name)), 9))


@pytest.fixture
def root() -> Path:
    """The repository."""
    return Path(__file__).parent.parent
