"""Whoever comes to the pages, in a browser window of their own; members sign in and keep a key file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, expect

from kernel import clock

PASSPHRASE = "browser-passphrase"
SLOW_MS, READOUT_MS = 90_000, 240_000
DESKTOP = {"width": 1280, "height": 900}


@dataclass
class Visitor:
    """A window with its own cookies; whatever a script throws is remembered."""

    url: str
    page: Page
    folder: Path
    errors: list[str] = field(default_factory=list)

    @classmethod
    def arriving(cls, browser: Browser, url: str, folder: Path, *, scripts: bool = True) -> Visitor:
        context = browser.new_context(
            viewport=DESKTOP, locale="zh-CN", accept_downloads=True, java_script_enabled=scripts
        )
        context.add_init_script("delete window.showSaveFilePicker")
        context.set_default_timeout(SLOW_MS)
        folder.mkdir(parents=True, exist_ok=True)
        visitor = cls(url, context.new_page(), folder)
        visitor.page.on("pageerror", lambda error: visitor.errors.append(str(error)))
        return visitor

    def goto(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else f"{self.url}{path}")

    def text(self, selector: str = "main") -> str:
        return self.page.inner_text(selector)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def leave(self) -> None:
        self.page.context.close()

    def waits_for(self, selector: str) -> None:
        """Reload until the page has come so far."""
        until = clock.monotonic() + SLOW_MS / 1000
        while self.page.locator(selector).count() == 0:
            if clock.monotonic() > until:
                raise AssertionError(f"{self.page.url}: no {selector}: {self.text()[:600]}")
            self.page.wait_for_timeout(500)
            self.page.reload()


class Member(Visitor):
    """Somebody with an account and, once made, a key file."""

    login = ""
    password = ""
    secret: str | None = None
    passphrase = PASSPHRASE
    kept: Path | None = None

    @property
    def keyfile(self) -> Path:
        """Where this person keeps the key."""
        return self.kept or self.folder / "signing.age"

    def signs_in(self) -> None:
        """With login, password and, once it is set up, the code of the phone."""
        until = clock.monotonic() + SLOW_MS / 1000
        self._asks_to_sign_in()
        while "/sign-in" in self.page.url:
            # Each code counts once: after one just used, a person waits for the next, too.
            if clock.monotonic() > until:
                raise AssertionError(f"{self.login}: {self.text()}")
            self.page.wait_for_timeout(5000)
            self._asks_to_sign_in()

    def _asks_to_sign_in(self) -> None:
        self.goto("/sign-in")
        self.page.fill("#login", self.login)
        self.page.fill("#password", self.password)
        if self.secret is not None:
            self.page.fill("#totp", pyotp.TOTP(self.secret).at(clock.wall() + dt.timedelta(seconds=30)))
        with self.page.expect_navigation():
            self.page.click("form.log-in button")

    def sets_up_the_second_factor(self) -> None:
        self.goto("/account")
        self.page.click("#totp button")
        self.secret = self.text("#secret").strip()
        self.page.fill("#code", pyotp.TOTP(self.secret).at(clock.wall()))
        self.page.click("main form button")
        self.page.wait_for_selector("#totp .true")

    def signs_out(self) -> None:
        self.goto("/account")
        self.page.click(".page-head form button")

    def makes_a_key(self) -> None:
        """Made in the browser, downloaded, loaded back; only then certified for use."""
        self.kept, self.passphrase = None, PASSPHRASE
        self.goto("/account/key")
        self.page.fill('[data-keyfile-make] [name="passphrase"]', PASSPHRASE)
        self.page.fill('[data-keyfile-make] [name="again"]', PASSPHRASE)
        with self.page.expect_download() as made:
            self.page.click("[data-keyfile-make] button")
        made.value.save_as(self.keyfile)
        self.page.set_input_files('[data-keyfile-check] [name="keyfile"]', str(self.keyfile))
        self.page.fill('[data-keyfile-check] [name="passphrase"]', PASSPHRASE)
        self.page.click("[data-keyfile-check] button")
        self.page.wait_for_function("() => document.querySelector('[data-keyfile-check]').hidden")

    def opens_the_key(self, form: str) -> None:
        """Choose the key file and type its passphrase where `form` asks for them."""
        self.page.set_input_files(f'{form} [name="keyfile"]', str(self.keyfile))
        self.page.fill(f'{form} [name="passphrase"]', self.passphrase)

    def signs(self, form: str = "form[data-sign]") -> None:
        """Open the key, press the red button, and come to the page that follows."""
        self.opens_the_key(form)
        with self.page.expect_navigation():
            self.page.click(f"{form} button.seal")
        self.was_not_refused()

    def was_not_refused(self) -> None:
        """The page that came shows no error; asked for as often as it takes until that page stands."""
        refusals = self.page.locator(".error-summary")
        try:
            expect(refusals).to_have_count(0)
        except AssertionError as shown:
            raise AssertionError(f"{self.login} at {self.page.url}: {refusals.all_inner_texts()}") from shown
