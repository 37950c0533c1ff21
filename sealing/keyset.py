"""The keyset of a lot: who the trustees are, how many it takes, and the periods of closing and opening (1.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from kernel import canonical, keys
from sealing import suite as suites
from sealing import wire
from sealing.stage import (
    MAX_TRUSTEES,
    STAGE_NAMES,
    Audience,
    AudienceRecipient,
    Stage,
    StatementFields,
    TrusteeEntry,
    parse_stage,
    parse_trustee_statement,
    trustee_statement,
)

__all__ = [
    "MAX_TRUSTEES", "Audience", "AudienceRecipient", "FactKeys", "Keyset", "Stage", "StatementFields",
    "TrusteeEntry", "parse_trustee_statement", "signature_obstacles", "trustee_statement",
]  # fmt: skip

TYPE = "kaibiao-keyset/1"
MAX_STAGES = 4
MAX_PERIOD = 366 * 24 * 3600
PERIODS = ("cut_grace", "roll_window", "open_wait", "release_by", "rescue_until")
_SIGNERS = ("owner", "agency", "supervisor")
_NAMES = ("suite", "lot", "version", "ack_min", "fact_keys", *PERIODS, "stages")


@dataclass(frozen=True)
class FactKeys:
    """Whose keys sign the lot's facts, spelled as kernel.keys does."""

    owner: str
    agency: str
    supervisor: str


@dataclass(frozen=True, kw_only=True)
class Keyset:
    """Fixed before bidding; its hash is printed in the notice. Periods are in seconds."""

    lot: str
    version: int
    fact_keys: FactKeys
    stages: tuple[Stage, ...]
    suite: str = "age-x25519/1"
    ack_min: int = 3
    cut_grace: int = 30
    roll_window: int = 60
    open_wait: int = 600
    release_by: int = 1800
    rescue_until: int = 7200

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the exact form of 1.1; WireError otherwise. Says nothing about whether the terms are sound: `check`."""
        fields = wire.parse(raw, TYPE, _NAMES)
        signers = fields.child("fact_keys", _SIGNERS)
        return cls(
            lot=fields.text("lot", wire.LOT),
            version=fields.integer("version", 1, 1_000_000),
            fact_keys=FactKeys(*(signers.text(name) for name in _SIGNERS)),
            stages=tuple(parse_stage(item) for item in fields.items("stages", STAGE_NAMES, MAX_STAGES)),
            suite=fields.text("suite"),
            ack_min=fields.integer("ack_min", 1, MAX_TRUSTEES),
            **{name: fields.integer(name, 1, MAX_PERIOD) for name in PERIODS},
        )

    @classmethod
    def build(cls, **fields: Any) -> bytes:
        """The bytes to sign and publish, from this class's fields; refuses what `parse` would."""
        raw = cls(**fields).encode()
        cls.parse(raw)
        return raw

    def encode(self) -> bytes:
        return canonical.encode({"type": TYPE, **asdict(self)})

    def stage(self, name: str) -> Stage:
        """KeyError when there is no such stage."""
        return {stage.name: stage for stage in self.stages}[name]

    @property
    def for_evaluation(self) -> bool:
        """Whether nothing of a bid is ever public: no stage is read out, none holds a price."""
        return bool(self.stages) and all(stage.audience is Audience.EVALUATION for stage in self.stages)

    def check(self, policy_keys: Mapping[str, keys.PublicKey]) -> list[str]:
        """All that keeps this keyset from being used; `policy_keys` maps organization to its node's pinned key.

        The same for real tenders and practice. An empty list means it is sound.
        """
        found = list(_terms(self))
        for stage in self.stages:
            found += [f"{stage.name}: {obstacle}" for obstacle in _threshold(stage)]
            found += [f"{stage.name}: {obstacle}" for obstacle in _audience(stage)]
            found += [f"{stage.name}: {o}" for entry in stage.trustees for o in _entry(self, stage, entry, policy_keys)]
        return found


def signature_obstacles(keyset: Keyset, raw: bytes, owner_sig: bytes, supervisor_sig: bytes) -> list[str]:
    """A keyset counts when the owner and the supervising authority signed its exact bytes."""
    signed = (("owner", keyset.fact_keys.owner, owner_sig), ("supervisor", keyset.fact_keys.supervisor, supervisor_sig))
    return [f"the signature of the {who} is not valid" for who, key, sig in signed if not _signed(key, raw, sig)]


def _signed(spelled: str, raw: bytes, sig: bytes) -> bool:
    try:
        return keys.verified(sig, raw, keys.parse(spelled))
    except ValueError:
        return False


def _terms(keyset: Keyset) -> Iterator[str]:
    names = [stage.name for stage in keyset.stages]
    if len(set(names)) != len(names) or not names:
        yield "there must be stages, each with a name of its own"
    yield from _price(keyset)
    if keyset.suite not in suites.SUITES:
        yield f"the suite {keyset.suite} is unknown"
    if keyset.ack_min > min((stage.n for stage in keyset.stages), default=0):
        yield "ack_min is more than there are trustees"
    if keyset.release_by <= keyset.open_wait:
        yield "release_by must come after open_wait"
    yield from _distinct_recipients(keyset)
    yield from (
        f"the fact key of the {who} is not a public key"
        for who, key in asdict(keyset.fact_keys).items()
        if not _is_key(key)
    )


def _price(keyset: Keyset) -> Iterator[str]:
    """One stage holds the price; none where all of the bid is the evaluation's, as a first response in a negotiation."""
    holding = sum(stage.holds_price for stage in keyset.stages)
    if holding != 1 and not (holding == 0 and keyset.for_evaluation):
        yield "exactly one stage must hold the price"


def _distinct_recipients(keyset: Keyset) -> Iterator[str]:
    """Recipients are fresh for each stage, so that destroying a stage's identity shuts that stage and nothing else."""
    named = [entry.recipient for stage in keyset.stages for entry in stage.trustees + stage.audience_recipients]
    if any(count > 1 for count in Counter(named).values()):
        yield "a recipient appears twice"


def _threshold(stage: Stage) -> Iterator[str]:
    if not 2 <= stage.t < stage.n <= MAX_TRUSTEES:
        yield f"needs 2 <= t < n <= {MAX_TRUSTEES}"
    if [entry.i for entry in stage.trustees] != list(range(1, stage.n + 1)):
        yield "trustees must be numbered from 1 in order"
    for org, held in Counter(entry.org for entry in stage.trustees).items():
        if held >= stage.t:
            yield f"{org} alone holds enough shares to open bids"
        if stage.n - held < stage.t:
            yield f"without {org} the bids could not be opened"


def _audience(stage: Stage) -> Iterator[str]:
    if stage.audience is Audience.PUBLIC and stage.audience_recipients:
        yield "a public stage has no audience recipients"
    if stage.audience is Audience.EVALUATION and not stage.audience_recipients:
        yield "a stage for the evaluation names who can read it"
    if stage.holds_price and stage.audience is not Audience.PUBLIC:
        yield "the price is read out in public"
    yield from (
        f"the recipient of {entry.org} is malformed" for entry in stage.audience_recipients if not _is_recipient(entry)
    )


def _entry(keyset: Keyset, stage: Stage, entry: TrusteeEntry, policy: Mapping[str, keys.PublicKey]) -> Iterator[str]:
    pinned = policy.get(entry.org)
    if pinned is None:
        yield f"{entry.org} is not one of the pinned nodes"
    elif keys.spell(pinned) != entry.sign_key:
        yield f"the signing key of {entry.org} is not the one pinned at genesis"
    if not _is_recipient(entry, keyset.suite):
        yield f"the recipient of {entry.org} is malformed"
    if not _signed(entry.sign_key, _statement_of(keyset, stage, entry), keys.unb64(entry.sig)):
        yield f"the signature of {entry.org} over its recipient is not valid"


def _statement_of(keyset: Keyset, stage: Stage, entry: TrusteeEntry) -> bytes:
    return trustee_statement(
        lot=keyset.lot,
        stage=stage.name,
        version=keyset.version,
        i=entry.i,
        org=entry.org,
        recipient=entry.recipient,
        sign_key=entry.sign_key,
    )


def _is_recipient(entry: TrusteeEntry | AudienceRecipient, suite: str = "age-x25519/1") -> bool:
    try:
        suites.named(suite).check_recipient(entry.recipient)
    except ValueError:
        return False
    return True


def _is_key(spelled: str) -> bool:
    try:
        keys.parse(spelled)
    except ValueError:
        return False
    return True
