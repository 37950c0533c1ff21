"""Chromium, the running platform, and one tender on it."""

from __future__ import annotations

from collections.abc import Iterator

import platform_stage
import pytest
from course import Course
from platform_stage import Platform
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform_stage.platform(tmp_path_factory.mktemp("platform")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not for the whole session: only one of these may stand open in a process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def course(platform: Platform, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    played = Course(platform, chromium, tmp_path_factory.mktemp("course"))
    yield played
    errors = [error for visitor in played.visitors for error in visitor.errors]
    played.leaves()
    assert errors == []
