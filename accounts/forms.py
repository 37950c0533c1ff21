"""Answers to posted forms: what was typed comes back beside what has to be changed, and nothing half-done is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import render_template
from flask_babel import get_locale

from accounts.access import current_actor_or_none
from kernel.db import transaction
from kernel.errors import Refusal, Words

T = TypeVar("T")


@dataclass(frozen=True)
class Form:
    """Values of a form and the refusal it met; `where` names the fields at fault, the first is linked from the summary."""

    values: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def where(self) -> list[str]:
        named = self.refusal.detail.get("fields", {}) if self.refusal else {}
        return list(named)

    def wrong(self, name: str) -> str | None:
        """The sentence to show at a field, if it is at fault."""
        return say(self.refusal.words) if self.refusal is not None and name in self.where else None

    @property
    def sentence(self) -> str | None:
        return say(self.refusal.words) if self.refusal else None


def say(words: Words) -> str:
    """In the language of the page."""
    return words.in_language(str(get_locale() or "zh"))


def attempted(act: Callable[[], T]) -> T | Refusal:
    """Do it in one transaction; a refusal rolls all of it back and is handed over for the page."""
    try:
        with transaction():
            return act()
    except Refusal as refusal:
        return refusal


def page(template: str, **context: Any) -> str:
    """Render a page of these templates; the caller is inside a transaction."""
    return render_template(template, actor=current_actor_or_none(), say=say, **context)


def answered(template: str, form: Form, load: Callable[[], dict[str, Any]] = dict) -> tuple[str, int]:
    """The form again, with what has to be changed; 422 so that scripts see it failed too.

    `load` reads what else the page shows, in the read-only transaction this opens.
    """
    with transaction(write=False):
        return page(template, form=form, **load()), 422 if form.refusal else 200
