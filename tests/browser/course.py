"""One tender through the real pages, act by act. Each act is played once, by whoever asks for it first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, TypeVar

import httpx
from actors import BRAND, Bid, Bidder, Evaluator, Host, Owner, Stranger, Terms
from inspection import Inspector, words_of_people
from platform_stage import Platform
from playwright.sync_api import Browser
from visitors import Member, Visitor

from kernel import clock
from portal.demo import people
from portal.demo.stage import PASSPHRASE, PASSWORD

WINDOW = dt.timedelta(seconds=200)
"""From filling in the draft to the deadline: keys, signatures and three sealings in the browser fit into it."""
NEAR = dt.timedelta(seconds=15)
EXPERTS = tuple(role.login for role in people.EXPERTS)
RIVALS = {"hongtu": "1731800.00", "nanshan": "1698000.00"}
FIRST, SECOND, JOINT = "1745000.00", "1688500.00", "1752000.00"
DISSENT = "对一家投标人的业绩认定持不同意见"
BIDDER, CLERK = "柳林医疗设备有限公司", "柳工"
PAPERS = ("招标文件.pdf", "采购需求.pdf", "投标文件.pdf", "报价明细.xlsx", "hongtu.pdf", "nanshan.pdf")
PLACES = (
    "/",
    "/tenders",
    "/law",
    "/law/practice.procurement.open",
    "/register",
    "/sign-in",
    "/invitation",
    "/nodes",
    "/api/",
    "/none",
)
TITLE = "清江县乡镇卫生院影像设备采购"
POINTS = {
    "expert1": ("35", "16"),
    "expert2": ("33.5", "17"),
    "expert3": ("36", "15.5"),
    "expert4": ("34.5", "16.5"),
    "expert5": ("35.5", "16"),
}
MEGABYTE = 1 << 20

T = TypeVar("T")
V = TypeVar("V", bound=Visitor)
M = TypeVar("M", bound=Member)


class act(Generic[T]):  # noqa: N801  reads as a decorator
    """A cached property that fails again at once when it has failed: nobody waits twice for the same fault."""

    def __init__(self, play: Callable[[Any], T]) -> None:
        self.play, self.name = play, play.__name__

    def __get__(self, course: Any, kind: type) -> T:
        if self.name in course.failures:
            raise AssertionError(f"{self.name} failed before") from course.failures[self.name]
        try:
            if self.name not in course.acts:
                course.acts[self.name] = self.play(course)
        except Exception as error:
            course.failures[self.name] = error
            raise
        return course.acts[self.name]


class Course:
    """What everybody did and saw, up to the act that was asked for."""

    def __init__(self, platform: Platform, browser: Browser, folder: Path) -> None:
        self.platform, self.browser, self.folder = platform, browser, folder
        self.visitors: list[Visitor] = []
        self.acts: dict[str, Any] = {}
        self.failures: dict[str, Exception] = {}
        self.places = list(PLACES)
        self.inspector = Inspector(words_of_people(TITLE, BIDDER, CLERK, BRAND, DISSENT, people.CONSORTIUM, *PAPERS))

    def arrives(self, kind: type[V], name: str) -> V:
        visitor = kind.arriving(self.browser, self.platform.url, self.folder / name)
        self.visitors.append(visitor)
        return visitor

    def enters(self, kind: type[M], login: str) -> M:
        """One of the cast signs in through the page, with the code of the phone."""
        member = self.arrives(kind, login)
        member.login, member.password = login, PASSWORD
        member.kept, member.passphrase = self.platform.actors[login].key, PASSPHRASE
        member.secret = (self.platform.actors[login].folder / "totp.txt").read_text().strip()
        member.signs_in()
        return member

    def leaves(self) -> None:
        for visitor in self.visitors:
            visitor.leave()

    @act
    def owner(self) -> Owner:
        """Signed in, with a key made in the browser."""
        owner = self.enters(Owner, "owner")
        owner.makes_a_key()
        return owner

    @act
    def bidder(self) -> Bidder:
        """Registered, second factor set up and used, key made: all in the browser."""
        bidder = self.arrives(Bidder, "bidder")
        bidder.login, bidder.password = "liulin", PASSWORD
        bidder.registers(people.uscc(77), BIDDER, CLERK)
        if "/sign-in" in bidder.page.url:
            bidder.signs_in()
        bidder.sets_up_the_second_factor()
        bidder.signs_out()
        bidder.signs_in()
        bidder.makes_a_key()
        return bidder

    @act
    def stranger(self) -> Stranger:
        return self.arrives(Stranger, "stranger")

    @act
    def tender(self) -> str:
        """Drafted, its documents uploaded, keys made by the nodes, signed and published: its code."""
        owner, _ = self.owner, self.bidder
        self.closes_at = closes_at = clock.wall().replace(microsecond=0) + WINDOW
        documents = (self._document(PAPERS[0], 3), self._document(PAPERS[1], 1))
        code = owner.drafts(Terms(TITLE, closes_at, documents))
        owner.asks_the_nodes_for_keys()
        workbench = f"/owner/tenders/{code}"
        self.inspector.looks_at(owner, f"{workbench}/publish", f"/tenders/{code}", workbench)
        owner.publishes()
        return code

    @property
    def lot(self) -> str:
        return f"{self.tender}001"

    @act
    def sealed(self) -> dict[str, Any]:
        """The bidder tests, seals, and replaces; two rivals come by the command line meanwhile."""
        lot, bidder = self.lot, self.bidder
        pool = ThreadPoolExecutor(1)
        rivals = [pool.submit(self._rival, *rival) for rival in RIVALS.items()]
        checks = bidder.tests_everything_beforehand(lot)
        files = (self._document(PAPERS[2], 12), self._document(PAPERS[3], 1))
        first = bidder.seals(lot, Bid(FIRST, files))
        second = bidder.seals(lot, Bid(SECOND, files))
        said = [rival.result() for rival in rivals]
        pool.shutdown()
        bidder.goto(f"/desk/{lot}")
        desk = bidder.text("#bids")
        receipt = bidder.page.locator("#bids td a").first.get_attribute("href") or ""
        withdraw = bidder.page.locator("#bids td a.button").first.get_attribute("href") or ""
        self.inspector.looks_at(bidder, "/desk", f"/desk/{lot}", f"/desk/{lot}/upload", receipt, withdraw)
        self.inspector.looks_at(self.owner, f"/owner/lots/{lot}/opening", f"/owner/tenders/{self.tender}")
        return {"checks": checks, "first": first, "second": second, "rivals": said, "desk": desk}

    @act
    def jointly(self) -> str:
        """The lead of a consortium chooses it as the bidder, and seals; the desk as it stands then."""
        lead = self.enters(Bidder, "beichen")
        party = people.consortium(
            self.platform.stage, *(self.platform.actors[name] for name in ("beichen", "songcheng"))
        )
        lead.seals(self.lot, Bid(JOINT, (self._document(PAPERS[2], 1),), party))
        lead.goto(f"/desk/{self.lot}")
        desk = lead.text("#bids")
        self.inspector.looks_at(lead, f"/desk/{self.lot}", f"/desk/{self.lot}/upload", "/account")
        return desk

    @act
    def read_out(self) -> list[str]:
        """The stranger has come before the deadline and watches until every line is read out."""
        assert self.sealed
        assert self.jointly
        self.inspector.looks_at(self.stranger, "/", f"/lots/{self.lot}/opening")
        self.stranger.watches(self.lot)
        self.inspects_places(until=self.closes_at - NEAR)
        self.owner.comes_to_host(self.lot)
        self.owner.starts_the_opening(self.closes_at)
        return self.stranger.sees_the_readout(len(RIVALS) + 2)

    @act
    def opened(self) -> str:
        """The bidder confirms its line; the record stands at the end."""
        assert self.read_out
        self.bidder.confirms(self.lot)
        self.stranger.page.wait_for_selector("[data-confirm]:not([hidden])")
        self.stranger.page.wait_for_selector('[data-step="record"].done')
        self.stranger.page.wait_for_selector("#record-sha")
        board = self.stranger.text()
        self.owner.signs_the_record()
        self.inspector.looks_at(self.owner, f"/owner/lots/{self.lot}/opening")
        self.inspector.looks_at(self.stranger, f"/lots/{self.lot}/opening")
        self.inspector.looks_at(self.bidder, f"/desk/{self.lot}", f"/desk/{self.lot}/opening")
        return board

    @act
    def scored(self) -> list[Evaluator]:
        """The log draws the committee; its members declare, admit, score, sign their sheets and the report over them."""
        assert self.opened
        host = self.enters(Host, "centre")
        host.draws_the_committee(self.lot)
        self.inspector.looks_at(host, "/ops/committees", f"/ops/committees/{self.lot}")
        members = [self.enters(Evaluator, login) for login in EXPERTS]
        self.inspector.looks_at(members[0], "/evaluate", f"/evaluate/{self.lot}")
        for member in members:
            member.declares_and_admits(self.lot)
        self.owner.reviews_qualification(self.lot)
        self.inspector.looks_at(self.owner, f"/lots/{self.lot}/qualification")
        self.inspector.looks_at(self.bidder, f"/lots/{self.lot}/qualification")
        members[0].sees_the_documents(self.lot)
        self.inspector.looks_at(members[0], f"/evaluate/{self.lot}", f"/evaluate/{self.lot}/arithmetic")
        for member in members:
            member.sees_the_documents(self.lot)
            member.scores(self.lot, POINTS[member.login])
        for number, member in enumerate(members):
            member.signs_the_report(self.lot, "" if number else DISSENT)
            if number == 1:
                self.inspector.looks_at(member, f"/evaluate/{self.lot}/report", f"/evaluate/{self.lot}/time")
                self.inspector.looks_at(host, f"/ops/committees/{self.lot}/report")
                self.inspector.looks_at(self.owner, f"/owner/lots/{self.lot}/evaluation-time")
        return members

    @act
    def awarded(self) -> Owner:
        """The owner puts the candidates on view and, when the time is over, signs the award."""
        assert self.scored
        self.owner.puts_candidates_on_view(self.lot)
        self.inspector.looks_at(self.owner, f"/owner/lots/{self.lot}/award", f"/owner/tenders/{self.tender}")
        self.owner.awards(self.lot)
        return self.owner

    def inspects_places(self, until: dt.datetime | None = None) -> None:
        """The pages that need no tender, as far as the time before the opening allows, and the rest later."""
        reader = self.arrives(Stranger, "reader")
        while self.places and (until is None or clock.wall() < until):
            self.inspector.looks_at(reader, self.places.pop())

    def _document(self, name: str, megabytes: int) -> Path:
        path = self.folder / name
        path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * (megabytes * MEGABYTE // 256))
        return path

    def _rival(self, login: str, price: str) -> str:
        """Seal and upload by the command line; what it said."""
        stage, actor = self.platform.stage, self.platform.actors[login]
        keyset, sealed = self.folder / f"{login}-keyset.json", self.folder / f"{login}-sealed"
        keyset.write_bytes(httpx.get(f"{stage.url}/api/v1/lots/{self.lot}/keyset", timeout=60).content)
        words = ("--keyset", str(keyset), "--key", str(actor.key), "--price", price, "--period-days", "75")
        stage.cli(actor, "seal", *words, "-o", str(sealed), str(self._document(f"{login}.pdf", 2)))
        return stage.cli(actor, "bid", "--url", stage.url, "--lot", self.lot, "--dir", str(sealed)).stdout
