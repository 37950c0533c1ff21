"""Pure decisions of sealed bidding: who is in time, what may follow what, and what each moment of the day allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bidding.states import BidStatus, OpeningStep, Outcome
from kernel.clock import rfc3339
from kernel.errors import Conflict, Invalid, NotFound, Refusal, TooEarly, TooLate, TooMany
from kernel.law import holds

WITHDRAW_RULE = "《招标投标法》第二十九条"
ONE_BID_RULE = "《招标投标法实施条例》第五十一条第（四）项"
OBJECTION_RULE = "《招标投标法实施条例》第四十四条"
READ_OUT_RULE = "《电子招标投标办法》第三十条"
FAULT_RULE = "《电子招标投标办法》第三十一条"

UPLOAD_LIFE = timedelta(hours=24)
LEASE = timedelta(seconds=6)
MAX_UPLOADS = 64
QUOTA_FILES = 8
"""An organization may hold unfinished or unused files of together this many times the size of the largest one."""

PARTICIPANTS = ("bidder", "platform", "trustee")


@dataclass(frozen=True)
class Holdings:
    """What an organization has lying here that belongs to no bid."""

    count: int
    total: int


def check_quota(held: Holdings, length: int, limit: int) -> None:
    """Refuses one upload more than the organization may have lying unused."""
    if held.count >= MAX_UPLOADS:
        raise TooMany(
            "upload.too_many",
            f"贵单位已有 {held.count} 个未用的上传，请先删除一些或等待其过期。",
            f"Your organization has {held.count} unused uploads; delete some or wait until they expire.",
            retry_after=60,
        )
    if held.total + length > QUOTA_FILES * limit:
        raise TooMany(
            "upload.quota",
            "贵单位未用的上传合计超过配额，请先删除一些或等待其过期。",
            "Your organization's unused uploads exceed its quota; delete some or wait until they expire.",
            retry_after=60,
        )


def check_offset(said: int, held: int) -> None:
    """Refuses bytes that do not begin where the stored ones end; the client asks by HEAD and goes on from there."""
    if said != held:
        raise Conflict(
            "upload.offset",
            f"已收到 {held} 字节，请从该处续传。",
            f"{held} bytes have been received; go on from there.",
            rule="tus 1.0.0",
            offset=held,
        )


@dataclass(frozen=True)
class Door:
    """A lot as a submission finds it. A suspended lot goes on accepting past its old deadline (log-and-nodes.md 3).

    `law` is the clause of the lot's pack by which late and unsealed bids are refused.
    """

    law: str
    closes_at: datetime | None
    collecting: bool
    suspended: bool = False
    flipped: bool = False


@holds("late_bid")
def check_in_time(now: datetime, door: Door) -> None:
    """Refuses what comes at or after the deadline, and what comes to a lot whose row is no longer open.

    A request that began in time but finds the lot flipped is late: the roll is being built without it.
    """
    passed = door.closes_at is not None and now >= door.closes_at
    if door.closes_at is not None and (door.flipped or (passed and not (door.collecting and door.suspended))):
        raise late(now, door.closes_at, door.law)
    if not door.collecting:
        raise Conflict(
            "lot.not_collecting", "该标段现不接收投标文件。", "This lot is not taking bids now.", rule=door.law
        )


@holds("late_bid")
def late(now: datetime, closes_at: datetime, law: str) -> TooLate:
    return TooLate(
        "bid.late",
        f"投标截止时间 {rfc3339(closes_at)} 已过，平台收到的时间为 {rfc3339(now)}，依法拒收。",
        f"The deadline {rfc3339(closes_at)} has passed; received at {rfc3339(now)}, and refused by law.",
        rule=law,
        closes_at=rfc3339(closes_at),
    )


def check_succession(prev: str | None, head: str | None) -> None:
    """A first bid names no predecessor; a replacement names the party's live bid (sealing.md 1.3)."""
    if prev is None and head is not None:
        raise Conflict(
            "bid.already_live",
            "贵单位在本标段已有有效投标。要替换它，请在封标时选择“替换”。",
            "Your party already has a live bid on this lot; to change it, seal a replacement.",
            rule=ONE_BID_RULE,
        )
    if prev != head:
        raise Conflict(
            "bid.prev_not_live",
            "要替换的投标已不是贵单位的有效投标，原投标不受影响。请刷新后重新封标。",
            "The bid to be replaced is not your party's live one; nothing was changed. Reload and seal again.",
            rule=WITHDRAW_RULE,
        )


def copied() -> Conflict:
    return Conflict(
        "bid.copied",
        "投标文件、信封收件人或编号与先前收到的相同，不能再次递交。请重新封标。",
        "A ciphertext, envelope recipient or bid number was received before. Seal the bid anew.",
        rule="kaibiao-seal/1 1.3",
    )


def upload_missing(stage: str) -> NotFound:
    return NotFound(
        "bid.upload_missing",
        f"信封“{stage}”的文件尚未完整上传，或不属于贵单位。",
        f"The file of the envelope “{stage}” is not completely uploaded, or not yours.",
        rule="kaibiao-seal/1 1.3",
        stage=stage,
    )


def not_the_signer() -> Conflict:
    return Conflict(
        "bid.other_signer",
        "替换或撤回必须由签署原投标的同一把密钥签署。",
        "A replacement or withdrawal is signed by the key that signed the bid it ends.",
        rule="kaibiao-seal/1 1.3",
    )


def verdict(outcome: Outcome) -> Literal["revoked", "returned"]:
    """撤销 for the bidder's own fault, 撤回 for anybody else's (20号令 第31条)."""
    return "revoked" if outcome is Outcome.BIDDER else "returned"


def enough(live: int, minimum: int) -> bool:
    return live >= minimum


@dataclass(frozen=True)
class Moments:
    """When an opening may begin and when the waits end."""

    opens_at: datetime
    open_wait: timedelta
    release_by: timedelta

    def may_begin(self, now: datetime, *, started: bool) -> bool:
        return now >= self.opens_at and (started or now >= self.opens_at + self.open_wait)

    def may_clear(self, now: datetime) -> bool:
        """Whether a bid that was set aside may still be cleared: no node closes after `release_by`."""
        return now < self.opens_at + self.release_by

    def missing_is_named(self, now: datetime) -> bool:
        """Half of `release_by` is patience enough before the board names a node that keeps the others waiting."""
        return now >= self.opens_at + self.release_by / 2


@dataclass(frozen=True)
class Pace:
    """How fast lines are read out, and how long a bidder has to answer for its own after the last one."""

    between_lines: timedelta
    confirming: timedelta


def pace(*, practice: bool) -> Pace:
    """No article gives a number; these are the tender document's (rules.md 1.10), in practice counted in seconds."""
    if practice:
        return Pace(timedelta(seconds=1), timedelta(seconds=20))
    return Pace(timedelta(seconds=3), timedelta(minutes=10))


def check_confirmation(step: OpeningStep, now: datetime, until: datetime | None) -> None:
    """The bidder's word on its line counts from its read-out until the window closes; silence accepts."""
    if step not in (OpeningStep.READOUT, OpeningStep.CONFIRMING):
        raise TooEarly(
            "opening.not_read_out",
            "尚未唱标，或开标已经结束。",
            "The bids are not being read out now.",
            rule=READ_OUT_RULE,
        )
    if until is not None and now >= until:
        raise TooLate(
            "opening.window_closed",
            "确认时间已过，未提出异议视为认可。",
            "The window for confirming has closed; silence accepts.",
            rule="《政府采购货物和服务招标投标管理办法》第四十二条",
        )


@holds("opening_objection")
def check_objection_words(words: str) -> str:
    found = words.strip()
    if not 1 <= len(found) <= 2000:
        raise Invalid(
            "objection.words",
            "请用 1 至 2000 字说明异议。",
            "Say your objection in 1 to 2000 characters.",
            rule=OBJECTION_RULE,
        )
    return found


def ends_by(status: BidStatus) -> bool:
    """Whether a bid in this status can still be replaced or withdrawn."""
    return status is BidStatus.LIVE


def check_not_void(*, current: bool) -> None:
    """A bid sealed to earlier terms is void already: it needs no withdrawal, and none would count."""
    if not current:
        raise Conflict(
            "bid.void",
            "招标条款已变更，这份投标已作废，无须撤回；要继续投标请按新条款重新封标递交。",
            "The terms changed and this bid is void: it need not be withdrawn. To go on, seal a bid to the new terms.",
            rule="sealing.md 1.1；1.4",
        )


def is_recorded(refusal: Refusal) -> bool:
    """Which refused submissions become facts: those that concern a bid's content or its time, not a slip of form."""
    return refusal.code.startswith(("bid.", "seal.", "lot."))
