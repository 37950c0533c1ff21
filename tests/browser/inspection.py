"""What an inspector finds wrong with a page: access rules, width on a phone, words left untranslated."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actors import TYPED
from playwright.sync_api import Page
from visitors import DESKTOP, Visitor

from portal import run
from portal.demo import people

AXE = Path(__file__).parents[2] / "portal/client/node_modules/axe-core/axe.min.js"
PHONE = {"width": 360, "height": 740}
CHINESE = re.compile(r"[一-鿿]")
PUNCTUATION = re.compile(r"[，。；：、（）]")
"""Full-width, which an English sentence never has."""
CAPITALS = re.compile(r"[零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整]+")
WORDS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    if (!node.parentElement.closest('script, style, template, .law, [lang="zh-CN"]')) found.push(node.textContent.trim())
  }
  for (const name of ['placeholder', 'aria-label', 'title', 'data-label'])
    for (const element of document.querySelectorAll(`[${name}]`)) found.push(element.getAttribute(name))
  return [...new Set(found)]
}"""
WIDE = """() => [...document.querySelectorAll('body *')]
  .filter(one => document.documentElement.scrollWidth > innerWidth && one.getBoundingClientRect().right > innerWidth + 1)
  .filter(one => !one.parentElement.closest('.table-wrap'))
  .slice(0, 3).map(one => `${one.tagName} .${one.className}`)"""


@dataclass
class Inspector:
    """Keeps all findings; a page is looked at on a desk in Chinese and on a phone in both languages."""

    said: tuple[str, ...]
    """Words of people, which no catalog translates."""
    findings: list[str] = field(default_factory=list)
    pages: int = 0

    def looks_at(self, visitor: Visitor, *paths: str) -> None:
        for path in paths:
            self.pages += 1
            self.findings += [f"{path}: {fault}" for fault in self._faults(visitor, path)]

    def _faults(self, visitor: Visitor, path: str) -> Iterable[str]:
        page = visitor.page
        visitor.goto(_in(path, "zh"))
        yield from _violations(page)
        self._keeps(page, path, "desk-zh")
        page.set_viewport_size(PHONE)
        yield from _wide(page, "zh")
        visitor.goto(_in(path, "en"))
        yield from _wide(page, "en")
        self._keeps(page, path, "phone-en")
        yield from self._untranslated(page)
        page.set_viewport_size(DESKTOP)
        visitor.goto(_in(path, "zh"))

    def _keeps(self, page: Page, path: str, view: str) -> None:
        """A picture, for the eyes, where KAIBIAO_SHOTS names a folder."""
        if folder := os.environ.get("KAIBIAO_SHOTS"):
            name = re.sub(r"\W+", "_", path)
            page.screenshot(path=f"{folder}/{self.pages:02d}{name}-{view}.png", full_page=True)

    def _untranslated(self, page: Page) -> Iterable[str]:
        for text in page.evaluate(WORDS):
            left = text
            for said in self.said:
                left = left.replace(said, "")
            if CHINESE.search(CAPITALS.sub("", left)) or PUNCTUATION.search(left):
                yield f"not in English: {text[:80]}"


def words_of_people(*more: str) -> tuple[str, ...]:
    """Names and texts of the cast, of the nodes and of the owner's draft, the longest first."""
    held = [value if isinstance(value, tuple) else (value,) for value in vars(people).values()]
    cast = [role for group in held for role in group if isinstance(role, people.Role)]
    names = [word for role in cast for word in (role.organization, role.person)]
    names.append(str(people.EXPERTISE["field"]))
    return tuple(sorted((*names, *run.NODES.values(), *TYPED.values(), *more), key=len, reverse=True))


def _in(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


def _wide(page: Page, language: str) -> list[str]:
    return [f"wider than a phone ({language}): {one}" for one in page.evaluate(WIDE)]


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"axe {one['id']} ({one['impact']}): {one['nodes'][0]['html'][:160]}" for one in found["violations"]]
