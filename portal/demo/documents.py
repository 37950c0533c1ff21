"""The papers of the play: the owner's tender documents and the bidders' files, printed to PDF by Chromium."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from playwright.sync_api import Browser

from kernel import money
from portal.demo import quantities, terms
from portal.demo.chromium import printed
from portal.demo.people import BIDDERS, CENTRE, OWNER
from portal.demo.stage import grouped
from portal.demo.terms import Offer

PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
PIECE = 1 << 20
TENDER = (("notice.html", "招标公告.pdf"), ("documents.html", "招标文件.pdf"), ("bill.html", "工程量清单.pdf"))


@dataclass(frozen=True)
class Papers:
    """The tender documents with their page counts, and each bidder's files by login."""

    tender: Sequence[Path]
    pages: Sequence[int]
    bids: Mapping[str, Sequence[Path]]


def make(browser: Browser, folder: Path) -> Papers:
    """Everything on paper, into `folder`."""
    tender = [_printed(browser, template, folder / "招标文件" / name, {}) for template, name in TENDER]
    bids = {login: _bid(browser, folder / "投标文件" / login, offer) for login, offer in terms.OFFERS.items()}
    return Papers(tender, [pages(path) for path in tender], bids)


def pages(path: Path) -> int:
    return len(PAGE.findall(path.read_bytes()))


def render(template: str, values: Mapping[str, Any]) -> str:
    """A template of this package with the play's terms; an unknown name is an error."""
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    found.filters |= {"grouped": grouped, "words": lambda price: money.words(money.parse(price))}
    known = {
        "terms": terms,
        "method": terms.METHOD,
        "owner": OWNER.organization,
        "centre": CENTRE.organization,
        "chapters": quantities.CHAPTERS,
    }
    return found.get_template(template).render({**known, **values})


def _printed(browser: Browser, template: str, path: Path, values: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    printed(browser, render(template, values), path, f"{terms.PROJECT} · 演练")
    return path


def _bid(browser: Browser, folder: Path, offer: Offer) -> list[Path]:
    """A letter of bid, and drawings scanned to the size of this bid: noise, which no compression shrinks."""
    bidder = next(role for role in BIDDERS if role.login == offer.login)
    letter = _printed(browser, "letter.html", folder / "投标函及施工组织设计.pdf", {"offer": offer, "bidder": bidder})
    scans = folder / "图纸与业绩证明扫描件.tif"
    rest = offer.megabytes * 1_000_000 - letter.stat().st_size
    with scans.open("wb") as file:
        while rest > 0:
            file.write(os.urandom(min(PIECE, rest)))
            rest -= PIECE
    return [letter, scans]
