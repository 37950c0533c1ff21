"""What a sale's terms lack before they can be published, and who buys: the law's numbers come from the pack. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.clock import beijing
from kernel.law import holds
from kernel.money import Fen
from tendering import timetable
from tendering.checklist import Obstacle
from tendering.offers import terms as sale
from tendering.offers.terms import OfferTerms, Way
from tendering.packs import Kind, Pack, Rule

SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Offered:
    """A draft's lot with all that its rules need to know."""

    pack: Pack
    draft: Mapping[str, Any]
    number: int
    now: dt.datetime
    predisclosed_at: dt.datetime | None = None
    first_disclosed_at: dt.datetime | None = None
    """When the first round of a repeated disclosure was published; None in a first round."""

    @property
    def terms(self) -> OfferTerms:
        return sale.read(self.draft, self.number)

    @property
    def repeated(self) -> bool:
        return self.first_disclosed_at is not None

    def where(self, name: str) -> str:
        return f"lots.{self.number}.{name}"

    @property
    def property(self) -> bool:
        return self.pack.trade == "property"


def obstacles(offered: Offered) -> list[Obstacle]:
    """Everything that keeps the lot from being put up for sale; empty when nothing does."""
    found: list[Obstacle] = []
    for check in CHECKS:
        found += check(offered)
    return found


def _floor(offered: Offered) -> Iterator[Obstacle]:
    terms, notice = offered.terms, offered.pack.the(Kind.REQUIRED, "notice").cited
    if terms.floor is None and not terms.reserve_sha256:
        yield Obstacle("offer.floor", "请填写底价（起始价）。", "State the floor.", notice, offered.where("floor"))
    if offered.draft.get("consortium_allowed"):
        rule = offered.pack.the(Kind.REQUIRED, "consortium_allowed").cited
        zh, en = "本平台暂不接受联合申请，请选择不接受。", "Joint applications are not taken here yet: say so."
        yield Obstacle("offer.joint", zh, en, rule, "consortium_allowed")
    if terms.reserve_sha256 and not SHA256.fullmatch(terms.reserve_sha256):
        zh, en = "标底（底价）承诺为64位十六进制哈希。", "The commitment to the reserve is 64 hexadecimal digits."
        yield Obstacle("offer.commitment", zh, en, notice, offered.where("reserve_sha256"))


@holds("P01", "valuation")
def _valuation(offered: Offered) -> Iterator[Obstacle]:
    """A first floor is at least the valuation (P01)."""
    for rule in offered.pack.find(Kind.REQUIRED, "valuation"):
        terms = offered.terms
        if terms.valuation_amount is None:
            zh, en = "请填写经核准或者备案的评估值。", "State the approved valuation."
            yield Obstacle("offer.valuation", zh, en, rule.cited, offered.where("valuation_amount"))
        elif not offered.repeated and terms.floor is not None and terms.floor < terms.valuation_amount:
            zh = "首次披露的转让底价不得低于经核准或者备案的评估结果。"
            en = "A first floor is not below the approved valuation."
            yield Obstacle("offer.below_valuation", zh, en, rule.cited, offered.where("floor"))


@holds("P06.floor")
def _lower_floor(offered: Offered) -> Iterator[Obstacle]:
    """Below ninety percent of the valuation only with the approving body's written consent (P06)."""
    terms = offered.terms
    for rule in offered.pack.find(Kind.MIN_PERCENT, "floor"):
        if not offered.repeated or terms.floor is None or terms.valuation_amount is None:
            continue
        low = terms.floor * 100 < terms.valuation_amount * rule.value
        if low and not str(offered.draft.get("floor_consent") or "").strip():
            zh = f"新的转让底价低于评估结果的 {rule.value}%，须填写转让行为批准单位的书面同意文件。"
            en = f"The floor is below {rule.value} % of the valuation: name the approving body's written consent."
            yield Obstacle("offer.floor_consent", zh, en, rule.cited, "floor_consent")


@holds("P06.valuation")
def _fresh_valuation(offered: Offered) -> Iterator[Obstacle]:
    """Twelve months after the first disclosure audit and valuation are done again (P06)."""
    first = offered.first_disclosed_at
    for rule in offered.pack.find(Kind.MAX_MONTHS, "valuation"):
        if first is None or offered.now < _months_after(first, rule.value):
            continue
        valued = str(offered.draft.get("valuation_date") or "")
        if valued <= beijing(first).date().isoformat():
            zh = f"自首次披露已超过 {rule.value} 个月，应当重新审计、评估；请填写新的评估基准日和评估文件。"
            en = f"More than {rule.value} months have passed since the first disclosure: value the property anew."
            yield Obstacle("offer.valuation_stale", zh, en, rule.cited, "valuation_date")


def _months_after(start: dt.datetime, months: int) -> dt.datetime:
    """The same day `months` later in Beijing, or the last day of that month."""
    local = beijing(start)
    year, month = divmod(local.month - 1 + months, 12)
    last = (dt.date(local.year + year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return local.replace(year=local.year + year, month=month + 1, day=min(local.day, last))


@holds("predisclosed:notice_published")
def _predisclosure(offered: Offered) -> Iterator[Obstacle]:
    """When control passes, the sale was public beforehand for as long as the law asks (P02)."""
    for rule in offered.pack.find(Kind.MIN_INTERVAL, "notice_published"):
        if not offered.draft.get("control_passes"):
            continue
        begun = offered.predisclosed_at
        if begun is None:
            zh, en = "控股权转移，须先进行信息预披露。", "Control passes: disclose the sale beforehand."
            yield Obstacle("offer.not_predisclosed", zh, en, rule.cited, "control_passes")
        elif offered.now < timetable.calendar().reaches(rule, begun):
            until = _local(timetable.calendar().reaches(rule, begun))
            zh, en = f"信息预披露未满期限，至 {until}。", f"The pre-disclosure runs until {until}."
            yield Obstacle("offer.predisclosure_running", zh, en, rule.cited, "control_passes")


@holds("P12", "preemption")
def _parties(offered: Offered) -> Iterator[Obstacle]:
    """What the managers intend and what became of pre-emption is stated in the notice (P12)."""
    for rule in offered.pack.find(Kind.REQUIRED, "preemption"):
        if offered.terms.preemption is None:
            zh, en = "请说明原股东优先购买权的情况。", "State what became of the shareholders' right of pre-emption."
            yield Obstacle("offer.preemption", zh, en, rule.cited, "preemption")
        if not str(offered.draft.get("management") or "").strip():
            zh, en = "请说明管理层是否拟参与受让；没有的写“无”。", "Say whether managers mean to buy."
            yield Obstacle("offer.management", zh, en, rule.cited, "management")


@holds("term.housing", "term.industry", "term.science", "term.commerce", "term.mixed")
def _years(offered: Offered) -> Iterator[Obstacle]:
    """A grant of land lasts at most as long as its use allows (L15)."""
    if offered.pack.trade != "land":
        return
    terms, notice = offered.terms, offered.pack.the(Kind.REQUIRED, "notice").cited
    if terms.land_use not in sale.USES or not terms.years:
        zh, en = "请填写土地用途和出让年限。", "State the use of the land and the years granted."
        yield Obstacle("offer.use", zh, en, notice, offered.where("years"))
        return
    for rule in offered.pack.find(Kind.MAX_YEARS, f"term.{terms.land_use}"):
        if terms.years > rule.value:
            zh, en = f"出让年限不得超过 {rule.value} 年。", f"The grant lasts at most {rule.value} years."
            yield Obstacle("offer.years", zh, en, rule.cited, offered.where("years"))


@holds("applications_due:bids_due", "notice_published:applications_due")
def _periods(offered: Offered) -> Iterator[Obstacle]:
    """Until when applications are taken, and that nothing comes earlier than the law allows (P02-P06, P16)."""
    terms = offered.terms
    if terms.applications_due is None:
        cited = offered.pack.the(Kind.REQUIRED, "notice").cited
        zh, en = "请填写申请（意向受让登记）截止时间。", "Say until when applications are taken."
        yield Obstacle("offer.applications_due", zh, en, cited, offered.where("applications_due"))
        return
    if sale.way(offered.pack) is Way.CONTEST:
        for rule, start, name in _contest(offered, terms.applications_due):
            yield from _reached(offered, rule, start, name)
    elif terms.closes_at is not None and terms.applications_due > terms.closes_at:
        cited = offered.pack.the(Kind.REQUIRED, "notice").cited
        zh, en = "申请截止不得晚于报价（挂牌、拍卖）截止。", "Applications end no later than offers."
        yield Obstacle("offer.applications_late", zh, en, cited, offered.where("applications_due"))


def _contest(offered: Offered, due: dt.datetime) -> Iterator[tuple[Rule, dt.datetime, str]]:
    """The disclosure from the notice, then the time from its end to the sealed offers."""
    yield from ((rule, offered.now, "applications_due") for rule in _disclosures(offered))
    rule = sale.contest(offered.pack)
    yield from [(rule, _last_due(offered, due), "closes_at")] if rule is not None else []


def _last_due(offered: Offered, due: dt.datetime) -> dt.datetime:
    """When applications end at the latest: after every extension that the notice announces."""
    rule = sale.extension(offered.pack)
    for _ in range(offered.terms.extensions or 0):
        due = timetable.calendar().reaches(rule, due) if rule is not None else due
    return due


@holds("P06.extend")
def _extensions(offered: Offered) -> Iterator[Obstacle]:
    """Only a disclosure whose law knows extensions announces them (P06)."""
    if offered.terms.extensions and sale.extension(offered.pack) is None:
        notice = offered.pack.the(Kind.REQUIRED, "notice").cited
        zh, en = "本类交易没有延长信息披露的规定。", "The law of this sale knows no extension of the disclosure."
        yield Obstacle("offer.extensions", zh, en, notice, offered.where("extensions"))


@holds(
    "notice_published:applications_due.increase", "notice_published:applications_due.assets_small",
    "notice_published:applications_due.assets_large", "notice_republished:applications_due.repeat",
)  # fmt: skip
def _disclosures(offered: Offered) -> list[Rule]:
    found = sale.disclosure(offered.pack, offered.terms, repeated=offered.repeated)
    return [found] if found is not None else []


@holds("notice_published:offer_begins", "notice_published:auction", "listing_begins:listing_ends")
def _land_periods(offered: Offered) -> Iterator[Obstacle]:
    """Notice, beginning and end of a tender, listing or auction (L02, L03, P13)."""
    terms, pack, listed = offered.terms, offered.pack, offered.pack.procedure == "listing"
    begins = "begins_at" if listed else "closes_at"
    for rule in (*pack.find(Kind.MIN_INTERVAL, "offer_begins"), *pack.find(Kind.MIN_INTERVAL, "auction")):
        if sale.way(pack) is not Way.CONTEST:
            yield from _reached(offered, rule, offered.now, begins)
    for rule in pack.find(Kind.MIN_INTERVAL, "listing_ends"):
        if terms.begins_at is not None:
            yield from _reached(offered, rule, terms.begins_at, "closes_at")


@holds("display_begins:display_ends")
def _display(offered: Offered) -> Iterator[Obstacle]:
    """What is auctioned is shown beforehand (P13)."""
    if offered.pack.procedure != "auction":
        return
    for rule in offered.pack.find(Kind.MIN_INTERVAL, "display_ends"):
        if offered.terms.display_from is None:
            zh, en = "请填写标的展示的起止时间。", "Say when the object is on display."
            yield Obstacle("offer.display", zh, en, rule.cited, offered.where("display_from"))
            return
        yield from _reached(offered, rule, offered.terms.display_from, "display_until")
        ends, sold = offered.terms.display_until, offered.terms.closes_at
        if ends is not None and sold is not None and ends > sold:
            zh, en = "展示应当在拍卖前结束。", "The display ends before the auction."
            yield Obstacle("offer.display_late", zh, en, rule.cited, offered.where("display_until"))


def _reached(offered: Offered, rule: Rule, start: dt.datetime, name: str) -> Iterator[Obstacle]:
    """That the moment `name` lies no earlier than the rule's period from `start` reaches."""
    at: dt.datetime | None = getattr(offered.terms, name)
    if at is None:
        zh, en = "请填写时间。", "Set the moment."
        yield Obstacle(f"offer.{name}", zh, en, rule.cited, offered.where(name))
        return
    earliest = timetable.calendar().reaches(rule, start)
    if at < earliest:
        local = _local(earliest)
        zh = f"时间早于法定最短期限：最早为北京时间 {local}。"
        en = f"Earlier than the law allows: {local} Beijing time is the earliest."
        yield Obstacle("offer.too_early", zh, en, rule.cited, offered.where(name))


def _local(at: dt.datetime) -> str:
    return beijing(timetable.whole(at)).strftime("%Y-%m-%d %H:%M:%S")


CHECKS: tuple[Callable[[Offered], Iterator[Obstacle]], ...] = (
    _floor, _valuation, _lower_floor, _fresh_valuation, _predisclosure, _parties, _years, _periods, _extensions, _land_periods, _display,
)  # fmt: skip


AT_ONCE = dt.timedelta(seconds=10)


@holds("P06.extend")
def extended_until(rule: Rule, was: dt.datetime, at: dt.datetime) -> dt.datetime:
    """One more period: from the end that passed, or from the moment it was found that nobody came, if that took longer (P06)."""
    return timetable.whole(timetable.calendar().reaches(rule, was if at - was < AT_ONCE else at))


@dataclass(frozen=True)
class Priced:
    """An offer as it competes: the earlier stands before the later where prices are equal."""

    token: str
    price: Fen


@holds("L10", "P08")
def best(offers: Sequence[Priced], least: Fen) -> Priced | None:
    """The highest at or above `least`, of equals the first in order (L10, P08); None when nobody reaches it."""
    standing = [one for one in offers if one.price >= least]
    return max(standing, key=lambda one: one.price, default=None)


@holds("L09", "P13.reserve")
def least_price(floor: Fen | None, reserve: Fen | None) -> Fen:
    """Below which nothing is sold: the floor of the notice or the reserve, whichever is more (L09, P13)."""
    return Fen(max(floor or 0, reserve or 0))
