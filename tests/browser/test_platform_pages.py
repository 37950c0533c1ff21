"""One happy path per actor in Chromium through the real pages of the running platform, and every page inspected.

The acts of the tender are played once, by the test that needs them first, so the tests run in any order.
"""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from actors import Stranger
from course import BIDDER, PLACES, TITLE, Course
from inspection import Inspector, words_of_people
from platform_stage import Platform
from playwright.sync_api import Browser
from visitors import Member

from kernel import canonical
from portal.demo import people

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_owner_drafts_uploads_asks_for_keys_signs_and_publishes(course: Course) -> None:
    course.stranger.goto(f"/tenders/{course.tender}")
    page = course.stranger.text()
    assert TITLE in page
    assert "1,860,000.00" in page
    assert "招标文件.pdf" in page
    course.owner.goto("/owner/")
    assert course.tender in course.owner.text()


def test_the_bidder_registers_signs_in_with_a_code_and_keeps_a_certified_key(course: Course) -> None:
    course.bidder.goto("/account")
    assert BIDDER in course.bidder.text()
    assert "✓ 已启用" in course.bidder.text("#totp")
    assert course.bidder.page.locator('.key-card[data-state="live"]').count() == 1
    assert course.bidder.keyfile.read_bytes().startswith(b"age-encryption.org/v1")


def test_the_bidder_tests_beforehand_seals_gets_the_witnessed_receipt_and_replaces(course: Course) -> None:
    sealed = course.sealed
    assert sealed["checks"] == ["ok"] * 6
    assert sealed["first"] != sealed["second"]
    assert len(sealed["rivals"]) == 2
    assert "有效" in str(sealed["desk"])
    assert "已被替换" in str(sealed["desk"])
    assert "已见证" in str(sealed["desk"])


def test_the_lead_of_a_consortium_bids_for_it_from_the_page(course: Course) -> None:
    assert people.CONSORTIUM in course.jointly
    assert "已见证" in course.jointly
    assert any(people.CONSORTIUM in line and "1,752,000.00" in line for line in course.read_out)


def test_the_owner_starts_the_opening_from_the_own_desk(course: Course) -> None:
    assert course.opened
    started = httpx.get(f"{course.platform.url}/public/lots/{course.lot}/record.json", timeout=30).json()["started"]
    assert started["type"] == "kaibiao-opening-started/1"
    course.owner.goto(f"/owner/lots/{course.lot}/opening")
    assert "✓ 已开始开标" in course.owner.text()


def test_the_record_appears_in_the_hall_without_loading_it_again(course: Course) -> None:
    assert "开标记录" in course.opened
    assert f"kaibiao verify {course.platform.url}/tenders/{course.tender}" in course.opened


def test_a_supervisor_sees_what_everybody_sees_and_no_desk_of_others(course: Course) -> None:
    assert course.opened
    supervisor = course.enters(Member, "supervisor")
    supervisor.goto(f"/lots/{course.lot}/opening")
    assert "1,688,500.00" in supervisor.text(".board")
    assert "主持开标" not in supervisor.text()
    supervisor.goto(f"/owner/lots/{course.lot}/opening")
    assert supervisor.page.locator("form[data-sign]").count() == 0
    course.inspector.looks_at(supervisor, "/account")


def test_a_stranger_watches_the_hall_live_and_finds_figures_and_words(course: Course) -> None:
    lines = course.read_out
    own = next(line for line in lines if BIDDER in line)
    assert "1,688,500.00" in own
    assert "壹佰陆拾捌万捌仟伍佰元整" in own
    assert not any("1,745,000.00" in line for line in lines)


def test_the_bidder_confirms_the_line_and_the_record_is_for_all_to_see(course: Course) -> None:
    assert course.opened
    course.stranger.goto(f"/lots/{course.lot}/opening")
    assert "✓ 已确认" in course.stranger.text(".board")
    assert len(course.stranger.text("#record-sha")) == 64
    answer = course.stranger.page.request.get(f"{course.platform.url}/public/lots/{course.lot}/record.json")
    assert answer.ok


def test_each_evaluator_scores_and_signs_and_the_result_appears(course: Course) -> None:
    for member in course.scored:
        member.goto("/evaluate")
        assert "已签署评分表" in member.text()
    course.stranger.goto(f"/lots/{course.lot}/result")
    course.stranger.waits_for("main table")
    assert "技术响应" in course.stranger.text()
    assert BIDDER in course.stranger.text("tr.rank-first")


def test_the_owner_shows_the_candidates_and_awards(course: Course) -> None:
    assert course.awarded
    course.stranger.goto(f"/tenders/{course.tender}")
    assert "已定标" in course.stranger.text()
    assert BIDDER in course.stranger.text(f"#{course.lot} .rank-first")


def test_every_page_of_the_tender_is_accessible_fits_a_phone_and_speaks_english(course: Course) -> None:
    assert course.awarded
    course.inspector.looks_at(
        course.stranger, f"/tenders/{course.tender}", f"/tenders/{course.tender}/notice", f"/lots/{course.lot}/result"
    )
    course.inspects_places()
    course.inspector.looks_at(course.bidder, "/admin/")
    course.inspector.looks_at(course.enters(Member, "mgr"), "/admin/")
    course.inspector.looks_at(course.owner, "/owner/", "/owner/tenders/new", "/account", "/account/key", "/sign-out")
    assert course.inspector.findings == []
    assert course.inspector.pages > 30


def test_a_nodes_own_page_says_what_it_checked_and_hands_out_the_sealing_page(
    platform: Platform, chromium: Browser, tmp_path: Path
) -> None:
    stranger = Stranger.arriving(chromium, platform.url, tmp_path)
    inspector = Inspector(words_of_people())
    inspector.looks_at(stranger, f"{platform.node(0)}/")
    with stranger.page.expect_download() as download:
        stranger.page.click('a[href="kaibiao-seal.html"]')
    assert canonical.sha(Path(download.value.path()).read_bytes()) in stranger.text("body")
    assert inspector.findings == []
    stranger.leave()


def test_the_language_switch_keeps_the_page(platform: Platform, chromium: Browser, tmp_path: Path) -> None:
    stranger = Stranger.arriving(chromium, platform.url, tmp_path)
    stranger.goto("/law/practice.procurement.open?from=front")
    stranger.page.get_by_text("English", exact=True).click()
    assert "/law/practice.procurement.open?from=front" in stranger.page.url
    assert stranger.page.locator("html").get_attribute("lang") == "en"
    stranger.goto("/tenders")
    assert stranger.page.locator("html").get_attribute("lang") == "en"
    stranger.leave()


def test_without_scripts_a_stranger_reads_everything_where_no_key_is_needed(
    course: Course, chromium: Browser, tmp_path: Path
) -> None:
    assert course.opened
    stranger = Stranger.arriving(chromium, course.platform.url, tmp_path, scripts=False)
    stranger.goto("/")
    stranger.page.click("a[href='/tenders']")
    stranger.page.fill("[name=q]", TITLE[:4])
    stranger.press("筛选")
    stranger.page.click(f"a[href='/tenders/{course.tender}']")
    assert TITLE in stranger.text("h1")
    stranger.goto(f"/lots/{course.lot}/opening")
    assert "1,688,500.00" in stranger.text(".board")
    assert "壹佰陆拾捌万捌仟伍佰元整" in stranger.text(".board")
    stranger.leave()


def test_every_page_says_that_this_is_practice(platform: Platform) -> None:
    for place in PLACES:
        assert "演练 · 非真实交易" in httpx.get(f"{platform.url}{place}", timeout=30).text


def test_the_keyboard_alone_skips_to_the_text_and_signs_in(
    platform: Platform, chromium: Browser, tmp_path: Path
) -> None:
    stranger = Stranger.arriving(chromium, platform.url, tmp_path)
    stranger.goto("/sign-in")
    keyboard = stranger.page.keyboard
    keyboard.press("Tab")
    assert stranger.page.evaluate("document.activeElement.className") == "skip"
    keyboard.press("Enter")
    stranger.page.focus("#login")
    keyboard.type("nobody")
    keyboard.press("Tab")
    keyboard.type("not the password")
    keyboard.press("Enter")
    stranger.page.wait_for_selector(".error-summary")
    stranger.page.get_by_text("English", exact=True).focus()
    keyboard.press("Enter")
    stranger.page.wait_for_selector('html[lang="en"]')
    stranger.leave()


def test_the_hall_has_a_dark_view_for_walls_that_is_as_readable(
    course: Course, chromium: Browser, tmp_path: Path
) -> None:
    assert course.opened
    stranger = Stranger.arriving(chromium, course.platform.url, tmp_path)
    inspector = Inspector(course.inspector.said)
    inspector.looks_at(stranger, f"/lots/{course.lot}/opening?wall=1")
    assert stranger.page.locator("html.wall").count() == 1
    assert inspector.findings == []
    stranger.leave()


def test_an_owner_uploads_with_progress_removes_a_document_and_throws_the_draft_away(course: Course) -> None:
    assert course.opened
    owner = course.owner
    owner.goto("/owner/tenders/new")
    owner.page.fill("#title", TITLE)
    owner.page.click("main form .actions button")
    owner.page.fill("#project_name", "还没有保存的名称")
    owner.page.set_input_files("#files", [str(course.folder / "招标文件.pdf"), str(course.folder / "采购需求.pdf")])
    owner.page.click("#documents form[data-upload-documents] button")
    owner.page.wait_for_selector("#documents .file-list li:nth-child(2) a")
    assert owner.page.input_value("#project_name") == "还没有保存的名称"
    assert "已送达 采购需求.pdf" in owner.text("#documents")
    owner.page.locator("#documents .file-list button").first.click()
    owner.page.wait_for_selector("#documents .file-list li:only-child")
    owner.page.click('a[href$="/discard"]')
    course.inspector.looks_at(owner, owner.page.url.removeprefix(course.platform.url))
    owner.press("删除这份草稿")
    owner.page.wait_for_selector(".callout-true")
    assert "草稿已删除" in owner.text()
