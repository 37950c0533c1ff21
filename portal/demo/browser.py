"""One bidder bids in real Chromium, through the pages."""

from __future__ import annotations

from playwright.sync_api import Page

from portal.demo import terms
from portal.demo.chromium import chromium
from portal.demo.people import fresh_code
from portal.demo.play import Play
from portal.demo.stage import PASSPHRASE, PASSWORD, hold

PATIENCE_MS = 90_000


def bid(play: Play) -> str:
    """One whole bid through the pages; the manifest's hash on the receipt."""
    with chromium() as browser:
        page = browser.new_page(locale="zh-CN")
        page.set_default_timeout(PATIENCE_MS)
        _sign_in(play, page)
        _fill(play, page)
        page.click("#seal button[type=submit]")
        receipt = _receipt(play, page)
        page.goto(f"{play.stage.url}/desk/{play.lot}")
        page.screenshot(path=play.folder / "browser.png", full_page=True)
    hold("the browser's receipt is witnessed", holds=receipt["state"] == "witnessed")
    return str(receipt["manifest_sha256"])


def _sign_in(play: Play, page: Page) -> None:
    actor = play.actor(terms.BROWSER)
    page.goto(f"{play.stage.url}/sign-in?next=/desk/{play.lot}")
    page.fill("[name=login]", actor.login)
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=totp]", fresh_code(actor))
    page.click("form.log-in button")
    page.wait_for_url("**/desk/**")


def _fill(play: Play, page: Page) -> None:
    offer, actor = terms.OFFERS[terms.BROWSER], play.actor(terms.BROWSER)
    page.goto(f"{play.stage.url}/desk/{play.lot}")
    form = page.locator("#seal")
    form.locator("[name=price]").fill(offer.price)
    form.locator("[name=period_days]").fill(str(offer.days))
    form.locator("[name=quality]").fill("合格")
    form.locator("[name=project_leader]").fill(offer.leader)
    form.locator("[name=documents]").set_input_files([str(path) for path in play.papers.bids[terms.BROWSER]])
    form.locator("[name=keyfile]").set_input_files(str(actor.key))
    form.locator("[name=passphrase]").fill(PASSPHRASE)
    form.locator("[name=rescue]").fill(PASSPHRASE)
    page.evaluate(
        "document.addEventListener('kaibiao:receipt', e => { document.body.dataset.receipt = e.detail.receipt_id; })"
    )


def _receipt(play: Play, page: Page) -> dict[str, object]:
    """Wait for the page to announce its receipt, then ask for it as the bidder."""
    page.wait_for_selector("body[data-receipt]", state="attached")
    receipt_id = page.get_attribute("body", "data-receipt")
    actor = play.actor(terms.BROWSER)

    def witnessed() -> dict[str, object] | None:
        found: dict[str, object] = play.stage.must("GET", f"receipts/{receipt_id}", None, actor)
        return found if found["state"] == "witnessed" else None

    found: dict[str, object] = play.stage.until("the browser's receipt is witnessed", witnessed)
    return found
