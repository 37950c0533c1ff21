"""The client's pages in Chromium, under the strict policy: sealing to a witnessed receipt, keys, signing, the live board."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "client"))

import client_stage
from client_samples import CLIENT, PASSPHRASE, Lot, made_lot
from playwright.sync_api import Browser, Page, sync_playwright

from kernel import keys
from sealing import keyfile

pytestmark = pytest.mark.browser

MEGABYTE = 1_000_000
HALL = [
    {"kind": "opening.step", "step": "released"},
    {"kind": "node.released", "node": "supervisor", "stage": "sheet"},
    {"kind": "node.missing", "node": "notary"},
    {"kind": "bid.unsealing", "n": 1, "of": 2},
    {"kind": "bid.unsealed", "n": 1, "of": 2},
    {"kind": "opening.step", "step": "readout"},
    {
        "kind": "bid.readout",
        "line": 1,
        "bidder": "<b>清河</b>",
        "price": "21846300.00",
        "price_words": "贰仟…元整",
        "period_days": 180,
        "log_index": 10482,
    },
    {"kind": "bid.confirmed", "line": 1},
    {"kind": "something.new", "line": 1},
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path="/usr/bin/chromium")


@pytest.fixture
def world(tmp_path: Path) -> client_stage.World:
    return client_stage.World(made_lot(tmp_path))


@pytest.fixture
def address(world: client_stage.World) -> Iterator[str]:
    server = client_stage.serve(world)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN", accept_downloads=True)
    context.add_init_script("delete window.showSaveFilePicker")
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []


def documents(folder: Path, megabytes: int) -> list[str]:
    path = folder / "施工组织设计.pdf"
    path.write_bytes(bytes(range(250)) * (megabytes * 4000))
    (folder / "说明.txt").write_text("两年质保", encoding="utf-8")
    return [str(path), str(folder / "说明.txt")]


def fill(page: Page, lot: Lot, files: list[str]) -> None:
    page.fill('[name="price"]', "21,846,300")
    page.fill('[name="period_days"]', "180")
    page.fill('[name="brand"]', "青云")
    page.set_input_files('[name="documents"]', files)
    page.set_input_files('[name="keyfile"]', lot.paths["keyfile"])
    page.fill('[name="passphrase"]', PASSPHRASE)
    page.fill('[name="rescue"]', "a rescue passphrase")


def test_a_bid_goes_from_form_to_witnessed_receipt_under_the_strict_policy(
    page: Page, world: client_stage.World, address: str, tmp_path: Path
) -> None:
    page.goto(f"{address}/page/seal")
    fill(page, world.lot, documents(tmp_path, 20))
    assert page.text_content("#words") == "贰仟壹佰捌拾肆万陆仟叁佰元整"
    with page.expect_download() as rescue:
        page.click('button[type="submit"]')
    assert rescue.value.suggested_filename == "rescue.age"
    page.wait_for_selector('.receipt[data-state="witnessed"]', timeout=60_000)
    assert world.faults == []
    text = page.inner_text(".receipt")
    assert "1, 2, 3" in text
    assert "2026-11-23 09:12:07 (UTC+8)" in text
    assert page.input_value('[name="passphrase"]') == ""
    page.emulate_media(media="print")
    assert page.is_visible(".receipt-id")
    assert not page.is_visible(".site-header")
    assert not page.is_visible('[name="price"]')
    page.emulate_media(media="screen")
    with page.expect_download() as receipt:
        page.click(".receipt button:not([data-print])")
    assert json.loads(Path(receipt.value.path()).read_text())["state"] == "witnessed"


def test_what_is_missing_is_listed_and_linked_before_anything_is_sealed(page: Page, address: str) -> None:
    page.goto(f"{address}/page/seal")
    page.fill('[name="price"]', "12万")
    page.click('button[type="submit"]')
    assert page.locator(".error-summary li").count() == 7
    assert "请填写所投核心产品的品牌" in page.inner_text(".error-summary")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    assert page.get_attribute('[name="price"]', "aria-invalid") == "true"


def test_a_wrong_passphrase_is_said_in_words_and_the_form_can_be_tried_again(
    page: Page, world: client_stage.World, address: str, tmp_path: Path
) -> None:
    page.goto(f"{address}/page/seal")
    fill(page, world.lot, documents(tmp_path, 1))
    page.fill('[name="passphrase"]', "wrong")
    page.click('button[type="submit"]')
    page.wait_for_selector(".error-summary")
    assert "口令不对" in page.inner_text(".error-summary")
    assert page.is_enabled('button[type="submit"]')
    assert world.uploads == {}


def test_an_upload_broken_by_a_reload_goes_on_where_it_stopped(
    page: Page, world: client_stage.World, address: str, tmp_path: Path
) -> None:
    world.cut_after = 17 * MEGABYTE
    page.goto(f"{address}/page/seal")
    fill(page, world.lot, documents(tmp_path, 40))
    page.click('button[type="submit"]')
    page.wait_for_function("() => document.querySelector('.work')?.innerText.includes('docs.age')", timeout=60_000)
    page.wait_for_timeout(1500)
    sent = {token: len(held) for token, held in world.uploads.items()}
    assert max(sent.values()) > 16 * MEGABYTE
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    world.cut_after = None
    page.click(".callout-due button:not(.quiet)")
    page.wait_for_selector('.receipt[data-state="witnessed"]', timeout=60_000)
    assert set(world.uploads) == set(sent)
    assert world.faults == []
    page.reload()
    page.wait_for_timeout(500)
    assert page.locator("text=尚未送达").count() == 0


def deliver(page: Page, address: str, sealed: Path) -> None:
    page.goto(f"{address}/page/upload")
    page.set_input_files('[name="sealed"]', str(sealed))
    page.click('button[type="submit"]')
    page.wait_for_selector('.receipt[data-state="witnessed"]', timeout=60_000)


def test_a_bid_sealed_first_and_delivered_later_is_taken(
    page: Page, world: client_stage.World, address: str, tmp_path: Path
) -> None:
    page.goto(f"{address}/page/seal")
    fill(page, world.lot, documents(tmp_path, 2))
    page.check('[name="save_only"]')
    page.click('button[type="submit"]')
    page.wait_for_selector(".work h3", timeout=30_000)
    with page.expect_download() as saved:
        page.click(".work .actions button:first-child")
    saved.value.save_as(tmp_path / "sealed.tar")
    assert world.uploads == {}
    deliver(page, address, tmp_path / "sealed.tar")
    assert world.faults == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_offline_file_seals_from_disk_what_the_platform_then_takes(
    page: Page, world: client_stage.World, address: str, tmp_path: Path, language: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((client_stage.STATIC / "kaibiao-seal.html").as_uri())
    if language == "en":
        page.click("[data-toggle]")
    for name, path in (("keyset", "keyset"), ("sigs", "sigs"), ("policy", "policy")):
        page.set_input_files(f'[data-terms] [name="{name}"]', world.lot.paths[path])
    page.click('[data-terms] [type="submit"]')
    page.wait_for_selector("[data-found] .hash")
    fill(page, world.lot, documents(tmp_path, 5))
    page.click("button.seal")
    page.wait_for_selector("[data-sealed]", timeout=60_000)
    with page.expect_download() as saved:
        page.click('[data-save$=".tar"]')
    saved.value.save_as(tmp_path / "sealed.tar")
    assert page.locator("[data-save]").count() == 7
    assert all(url.startswith(("file:", "blob:")) for url in asked)
    deliver(page, address, tmp_path / "sealed.tar")
    assert world.faults == []


def test_a_key_counts_only_after_its_file_was_loaded_back(
    page: Page, world: client_stage.World, address: str, tmp_path: Path
) -> None:
    page.goto(f"{address}/page/keyfile")
    page.fill('[data-keyfile-make] [name="passphrase"]', PASSPHRASE)
    page.fill('[data-keyfile-make] [name="again"]', PASSPHRASE)
    with page.expect_download() as made:
        page.click("[data-keyfile-make] button")
    path = tmp_path / "key.age"
    made.value.save_as(path)
    page.set_input_files('[data-keyfile-check] [name="keyfile"]', str(path))
    page.fill('[data-keyfile-check] [name="passphrase"]', "mistyped")
    page.click("[data-keyfile-check] button")
    page.wait_for_selector(".error-summary")
    assert world.confirmed == []
    page.fill('[data-keyfile-check] [name="passphrase"]', PASSPHRASE)
    page.click("[data-keyfile-check] button")
    page.wait_for_function("() => document.querySelector('[data-keyfile-check]').hidden", timeout=30_000)
    assert world.confirmed == ["/api/v1/certificates/77/confirm"]
    file = keyfile.load(path.read_bytes(), PASSPHRASE)
    assert (file.org, file.person, len(file.cert_chain)) == ("清河宏图建设有限公司", "7", 1)


def test_statements_are_signed_byte_for_byte_and_neither_key_nor_passphrase_leaves(
    page: Page, world: client_stage.World, address: str
) -> None:
    page.goto(f"{address}/page/sign")
    page.set_input_files('[name="keyfile"]', world.lot.paths["keyfile"])
    page.fill('[name="passphrase"]', PASSPHRASE)
    page.click('button[type="submit"]')
    page.wait_for_selector("#done", timeout=30_000)
    (body,) = world.forms
    fields = form_fields(body)
    assert [name for name, _ in fields] == ["csrf_token", "statement", "statement", "signature", "signature", "cert"]
    statements, signatures = (
        [value for name, value in fields if name == wanted] for wanted in ("statement", "signature")
    )
    public = world.lot.bidder.key.public_key()
    for statement, signature in zip(statements, signatures, strict=True):
        assert keys.verified(keys.unb64(signature), keys.unb64(statement), public)
    assert fields[-1][1] == keys.b64(world.lot.bidder.cert_chain[0])
    assert PASSPHRASE.encode() not in body


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """Name and value of each part of a multipart body."""
    boundary = body.split(b"\r\n", 1)[0]
    parts = [part.strip(b"\r\n") for part in body.split(boundary)[1:-1]]
    found = []
    for part in parts:
        head, _, value = part.partition(b"\r\n\r\n")
        found.append((head.split(b'name="')[1].split(b'"')[0].decode(), value.decode()))
    return found


def told(world: client_stage.World, events: list[dict[str, Any]]) -> None:
    start = len(world.events)
    world.events += [
        {"seq": start + k, "at": "2026-11-23T01:31:00Z", **event} for k, event in enumerate(events, start=1)
    ]


@pytest.mark.parametrize("streams", [True, False])
def test_the_hall_follows_its_events_by_stream_or_by_pages(
    page: Page, world: client_stage.World, address: str, *, streams: bool
) -> None:
    world.streams = streams
    told(world, HALL[:6])
    page.goto(f"{address}/page/hall")
    page.wait_for_selector('[data-step="readout"].now', timeout=15_000)
    assert page.inner_text('[data-node="supervisor"] [data-node-state]').endswith("已释放")
    assert page.inner_text('[data-node="notary"] [data-node-state]').endswith("未响应")
    assert page.get_attribute('[data-n="1"] .envelope', "data-state") == "opened"
    assert page.get_attribute('[data-n="2"] .envelope', "data-state") == "sealed"
    told(world, HALL[6:])
    page.wait_for_selector('[data-line="1"] .true', timeout=15_000)
    assert page.inner_text('[data-line="1"] [data-field="bidder"]') == "<b>清河</b>"
    assert page.inner_text('[data-line="1"] [data-field="price"]') == "21,846,300.00"
    assert page.get_attribute('[data-line="1"] a', "href") == "/log/entry/10482"
    assert page.locator("[data-lines] tr").count() == 1
    assert "21,846,300.00" in page.inner_text("[data-feed]")
    assert page.get_attribute("[data-announce]", "aria-live") == "polite"


def test_the_preflight_test_tries_everything_and_leaves_nothing_behind(
    page: Page, world: client_stage.World, address: str
) -> None:
    page.goto(f"{address}/page/preflight")
    page.set_input_files('[name="keyfile"]', world.lot.paths["keyfile"])
    page.fill('[name="passphrase"]', PASSPHRASE)
    page.click("[data-run]")
    page.wait_for_function("() => document.querySelectorAll('.checklist li.ok').length === 6", timeout=60_000)
    assert world.uploads == {}


WASM = client_stage.CSP.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")


@pytest.mark.parametrize(("policies", "digest"), [((client_stage.CSP, WASM), "WASM"), ((WASM, client_stage.CSP), "JS")])
def test_the_workers_own_answer_decides_on_webassembly_and_not_the_page(
    page: Page, world: client_stage.World, address: str, policies: tuple[str, str], digest: str
) -> None:
    world.csp, world.worker_csp = policies
    page.goto(f"{address}/page/preflight")
    page.click("[data-run]")
    page.wait_for_function("() => document.querySelectorAll('.checklist li').length > 3", timeout=60_000)
    assert f"{digest} SHA-256" in page.inner_text(".checklist")


def test_a_stranger_rechecks_an_entry_in_the_browser(page: Page, address: str) -> None:
    page.goto(f"{address}/page/hall")
    page.click("[data-recheck] [data-run]")
    page.wait_for_function("() => document.querySelectorAll('.claims li').length === 5")
    assert page.locator('.claims li[data-held="yes"]').count() == 5
    assert "清江东路" in page.inner_text(".claims")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["front", "hall", "seal", "upload", "keyfile", "sign", "preflight"])
def test_pages_fit_their_screen_and_axe_finds_nothing(
    page: Page, world: client_stage.World, address: str, name: str, width: int
) -> None:
    told(world, HALL)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{address}/page/{name}")
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate((CLIENT / "node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice']})")
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == []


def test_the_wall_is_dark_and_still_legible(page: Page, address: str) -> None:
    page.emulate_media(reduced_motion="reduce")  # colors are judged as they stay, not on their way
    page.goto(f"{address}/page/front")
    page.evaluate("document.documentElement.className = 'wall'; document.documentElement.dataset.theme = 'dark'")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("() => Promise.all(document.getAnimations().map(one => one.finished))")
    page.evaluate((CLIENT / "node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate("axe.run({runOnly: ['color-contrast']})")
    assert [one["nodes"][0]["html"] for one in found["violations"]] == []
