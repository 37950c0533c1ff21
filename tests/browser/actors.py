"""The people of a tender, doing what the pages offer them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from visitors import PASSPHRASE, READOUT_MS, SLOW_MS, Member, Visitor

from kernel import clock

TYPED = {
    "project_name": "清江县乡镇卫生院医疗设备采购", "content": "彩色超声诊断仪 3 台、数字化 X 线机 2 台及配套服务。",
    "scale": "5 台套", "fund_source": "县级财政资金", "approval_doc": "青财预〔2026〕6号", "qualification": "具有医疗器械经营许可证。",
    "documents_obtained": "公告期内在本平台免费下载", "submission": "通过本平台递交加密投标文件",
    "bid_validity_days": "90", "contact.name": "林工", "contact.phone": "0000-1234567",
    "contact.email": "lin@example.org", "contact.address": "清江县人民路 1 号",
    "lots.1.name": "一包 影像设备", "lots.1.ceiling": "1860000.00", "lots.1.price_weight": "40",
    "lots.1.criteria.1.name": "技术响应", "lots.1.criteria.1.name_en": "Technical response",
    "lots.1.criteria.1.max": "40", "lots.1.criteria.1.step": "0.5",
    "lots.1.criteria.2.name": "售后服务", "lots.1.criteria.2.name_en": "Service",
    "lots.1.criteria.2.max": "20", "lots.1.criteria.2.step": "0.5",
}  # fmt: skip
"""What the owner types into the draft."""
BRAND = "青云"


class Stranger(Visitor):
    """Anybody: reads, watches, rechecks."""

    def watches(self, lot: str) -> None:
        self.goto(f"/lots/{lot}/opening")

    def sees_the_readout(self, lines: int) -> list[str]:
        """The lines of the board, once all are read out on a page that was never reloaded by hand."""
        last = self.page.locator(f'[data-lines] tr[data-line="{lines}"] [data-field="price"]')
        last.wait_for(timeout=READOUT_MS)
        return self.page.locator("[data-lines] tr").all_inner_texts()


@dataclass(frozen=True)
class Terms:
    """What the owner writes into the draft."""

    title: str
    closes_at: dt.datetime
    documents: tuple[Path, ...]


class Owner(Member):
    """Drafts, asks for keys, signs, publishes; later puts candidates on view and awards."""

    def drafts(self, terms: Terms) -> str:
        """The tender's code, once the draft is saved and its documents are up."""
        self.goto("/owner/tenders/new")
        self.page.check('input[name="pack"][value="practice.procurement.open"]')
        self.page.fill("#title", terms.title)
        self.page.click("main form .actions button")
        self.page.wait_for_selector("#draft")
        code = self.page.url.rpartition("/")[2]
        self._fills(terms)
        self.page.set_input_files("#files", [str(path) for path in terms.documents])
        self.page.click("#documents form .actions button")
        self.page.wait_for_selector("#documents .file-list a")
        return code

    def _fills(self, terms: Terms) -> None:
        closes_at = clock.beijing(terms.closes_at).strftime("%Y-%m-%dT%H:%M:%S")
        self.page.check('[name="consortium_allowed"][value="yes"]')
        self.page.select_option('[name="lots.1.method"]', "cn_comprehensive")
        self.page.select_option('[name="lots.1.subject"]', "goods")
        self.page.locator("#lots details").evaluate("box => { box.open = true }")
        for name, value in {**TYPED, "lots.1.closes_at": closes_at}.items():
            self.page.fill(f'[name="{name}"]', value)
        self.press("保存草稿")
        self.page.wait_for_selector(".callout-true, .error-summary")

    def asks_the_nodes_for_keys(self) -> None:
        """Once the plan is filed; and waits until the checklist, which refreshes itself, has nothing left."""
        self.page.click("#filing button[data-file]")
        self.page.wait_for_selector("#filing .true")
        self.page.click("#keys form button")
        self.page.wait_for_selector('#checklist a.button[href$="/publish"], #checklist a.button')

    def publishes(self) -> None:
        self.page.click("#checklist a.button")
        self.page.wait_for_selector("form[data-sign]")
        self.signs()

    def comes_to_host(self, lot: str) -> None:
        """Before the deadline, from the own desk, with the key chosen; the button works once the roll is out."""
        self.goto(f"/owner/tenders/{lot[:20]}")
        self.page.click(f'#{lot} a[href="/owner/lots/{lot}/opening"]')
        self.opens_the_key("form[data-sign]")

    def starts_the_opening(self, closes_at: dt.datetime) -> None:
        """The page has been open all the while; the statement stands in it, exact text included, before it is signed."""
        left = max(closes_at - clock.wall(), dt.timedelta())
        ready = "form[data-sign] button.seal:not([disabled])"
        self.page.wait_for_selector(ready, timeout=left.total_seconds() * 1000 + SLOW_MS)
        self.page.wait_for_selector("form[data-sign] details[data-raw]", state="attached")
        with self.page.expect_navigation():
            self.page.click("form[data-sign] button.seal")
        self.was_not_refused()
        self.page.wait_for_selector("[data-started]")

    def signs_the_record(self) -> None:
        """The host's page comes back by itself when the record is there."""
        self.page.wait_for_selector("#record form[data-sign]")
        self.signs("#record form[data-sign]")
        self.page.wait_for_selector("[data-record-signed]")

    def reviews_qualification(self, lot: str) -> None:
        """Once the documents are open: everybody is qualified; the statement is shown, and signed."""
        self.goto(f"/lots/{lot}/qualification")
        self.waits_for("form[data-sign]")
        for radio in self.page.locator('input[type="radio"][value="yes"]').all():
            radio.check()
        self.opens_the_key("form[data-sign]")
        self.page.click("form[data-sign] button.seal")
        self.page.wait_for_selector('form[data-sign] input[name="statement"]', state="attached")
        with self.page.expect_navigation():
            self.page.click("form[data-sign] button.seal")
        self.was_not_refused()

    def puts_candidates_on_view(self, lot: str) -> None:
        self.goto(f"/owner/lots/{lot}/award")
        self.press("开始公示")

    def awards(self, lot: str) -> None:
        """When the time of public view is over; the page says when."""
        self.goto(f"/owner/lots/{lot}/award")
        self.waits_for("form[data-sign]")
        self.signs()


@dataclass(frozen=True)
class Bid:
    """What a bidder enters into the sealing form."""

    price: str
    documents: tuple[Path, ...]
    party: str = ""


class Bidder(Member):
    """Registers, prepares, seals, keeps the receipt, replaces."""

    def registers(self, uscc: str, organization: str, person: str) -> None:
        """Three questions, one page each."""
        self.goto("/register")
        self.page.fill("#uscc", uscc)
        self.page.fill("#name", organization)
        self.page.check('input[name="kind"][value="bidder"]')
        self.press("继续")
        self.page.fill("#person_name", person)
        self.page.fill("#login", self.login)
        self.press("继续")
        self.page.fill("#password", self.password)
        self.page.fill("#again", self.password)
        self.press("完成注册")
        self.page.wait_for_url(lambda url: "/register" not in url)

    def tests_everything_beforehand(self, lot: str) -> list[str]:
        """The verdicts of the pre-flight test on this machine with the real key."""
        self.goto(f"/desk/{lot}")
        self.opens_the_key("#preflight")
        self.page.click("#preflight [data-run]")
        self.page.wait_for_function(
            "() => document.querySelectorAll('#preflight .checklist li:not(.wait)').length === 6"
        )
        return [str(item.get_attribute("class")) for item in self.page.locator("#preflight .checklist li").all()]

    def seals(self, lot: str, bid: Bid) -> str:
        """Seal, upload, wait for the witnesses; the receipt as it stands on the page."""
        self.goto(f"/desk/{lot}")
        if bid.party:
            self.page.check(f'#seal input[name="party"][value="{bid.party}"]')
        self.page.fill("#seal #price", bid.price)
        self.page.fill("#seal #period_days", "60")
        if self.page.locator("#seal #brand").count():
            self.page.fill("#seal #brand", BRAND)
        self.page.set_input_files("#seal #documents", [str(path) for path in bid.documents])
        self.opens_the_key("#seal")
        self.page.fill("#seal #rescue", PASSPHRASE)
        with self.page.expect_download() as rescue:
            self.page.click("#seal button.seal")
        rescue.value.save_as(self.folder / rescue.value.suggested_filename)
        self.page.wait_for_selector('.receipt[data-state="witnessed"]')
        return self.text(".receipt")

    def confirms(self, lot: str) -> None:
        self.goto(f"/desk/{lot}/opening")
        self.press("唱标内容无误，确认")
        self.page.wait_for_selector("#line .true")


class Host(Member):
    """The trading centre's staff: has the committee drawn."""

    def draws_the_committee(self, lot: str) -> None:
        """Fixes the list of all who may sit and looks again until the log has drawn."""
        self.goto(f"/ops/committees/{lot}")
        self.page.click("#fix-list")
        self.waits_for(".table-cards tbody tr")


class Evaluator(Member):
    """Declares, signs the opening of the documents, scores, signs the own sheet."""

    def declares_and_admits(self, lot: str) -> None:
        self.goto(f"/evaluate/{lot}")
        self.page.check('input[name="declared"][value="none"]')
        self.page.click("form.panel button")
        self.page.wait_for_selector("form[data-sign]")
        self.signs()

    def sees_the_documents(self, lot: str) -> None:
        """Once the nodes have released and the evaluation terminal has opened them."""
        self.goto(f"/evaluate/{lot}")
        self.waits_for("table.scores")

    def scores(self, lot: str, points: tuple[str, ...]) -> None:
        """The same points for every bid, each criterion in its order; then the statement is shown, and signed."""
        self.goto(f"/evaluate/{lot}")
        for radio in self.page.locator('input[type="radio"][value="yes"]').all():
            radio.check()
        for number, box in enumerate(self.page.locator("table.scores input").all()):
            box.fill(points[number % len(points)])
            box.blur()
        self.opens_the_key("form[data-sign]")
        self.page.click("form[data-sign] button.seal")
        self._signs_what_is_shown()

    def signs_the_report(self, lot: str, dissent: str = "") -> None:
        """Once every sheet is in and the result computed: the statement is shown with the dissent, and signed."""
        self.goto(f"/evaluate/{lot}/report")
        self.waits_for("form[data-sign]")
        self.page.fill('textarea[name="dissent"]', dissent)
        self.opens_the_key("form[data-sign]")
        self.page.click("form[data-sign] button.seal")
        self._signs_what_is_shown()

    def _signs_what_is_shown(self) -> None:
        self.page.wait_for_selector('form[data-sign] input[name="statement"]', state="attached")
        with self.page.expect_navigation():
            self.page.click("form[data-sign] button.seal")
        self.was_not_refused()
