"""Debian's Chromium without a window, and A4 pages printed by it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from portal.demo.stage import DemoError, hold

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
FOOTER = (
    '<div style="font:8px serif;width:100%;text-align:center;color:#555">{footer}　第 <span class="pageNumber"></span> '
    '页 共 <span class="totalPages"></span> 页</div>'
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window; DemoError when it is not installed."""
    path = shutil.which("chromium")
    if path is None:
        raise DemoError("Chromium is not installed: run `make demo`, which installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def printed(browser: Browser, html: str, path: Path, footer: str) -> None:
    """An A4 PDF with page numbers."""
    page = browser.new_page()
    page.set_content(html, wait_until="load")
    page.pdf(
        path=path,
        format="A4",
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER.format(footer=footer),
        margin={"top": "20mm", "bottom": "20mm", "left": "22mm", "right": "22mm"},
    )
    page.close()
    hold(f"{path.name} is a PDF", holds=path.read_bytes().startswith(b"%PDF-"))
