"""Facts of one lot, signed by whoever should or should not, and tree heads cosigned when a test says: no nodes, no disk."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from kernel import canonical, clock, keys
from kernel.statements import Signed
from sealing import age
from sealing.keyset import Audience, AudienceRecipient, FactKeys, Keyset, Stage, TrusteeEntry, trustee_statement
from sealing.release import ReleaseHash
from sealing.roll import Close
from supervision import facts, lotview
from supervision.deadline import Authority
from supervision.node.card import Card, policy_text
from supervision.note import Kind
from supervision.note_key import NoteKey
from supervision.policy import Policy
from supervision.vocabulary import Fact
from supervision.witnessed import Cosigned, Witnessed

LOT = "E9901010000000117001001"
T0 = int(dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC).timestamp())
CLOSES, OPENS, GRACE = T0 + 1000, T0 + 1100, 5
NAMES = ("supervisor", "manager", "audit", "notary")


def at(seconds: int) -> str:
    return clock.rfc3339(dt.datetime.fromtimestamp(seconds, dt.UTC))


@dataclass
class Story:
    """What the log holds and when it was cosigned; `add` appends a fact cosigned by a quorum at a moment."""

    owner: keys.PrivateKey = field(default_factory=keys.generate)
    agency: keys.PrivateKey = field(default_factory=keys.generate)
    platform: keys.PrivateKey = field(default_factory=keys.generate)
    nodes: dict[str, NoteKey] = field(
        default_factory=lambda: {name: NoteKey.generate(f"practice/{name}", Kind.COSIGNATURE) for name in NAMES}
    )
    log: list[tuple[int, Fact]] = field(default_factory=list)
    heads: list[Witnessed] = field(default_factory=list)
    raw: bytes = b""

    def __post_init__(self) -> None:
        cards = [Card(name, None, key.vkey, age.generate()[1]) for name, key in self.nodes.items()]
        spelled = keys.spell(self.platform.public_key())
        self.policy = Policy.parse(policy_text(NoteKey.generate("practice/log").vkey, spelled, cards, 3).encode())

    @property
    def supervisor(self) -> keys.PrivateKey:
        return self.nodes["supervisor"].private

    def add(self, fact: Fact, when: int | None = T0, who: tuple[str, ...] = NAMES) -> int:
        index = len(self.log)
        self.log.append((index, fact))
        if when is not None:
            self.cosign(when, who)
        return index

    def cosign(self, when: int, who: tuple[str, ...] = NAMES) -> int:
        """A tree head over everything so far; its size."""
        self.heads.append(Witnessed(len(self.log), bytes(32), tuple((name, when) for name in who)))
        return len(self.log)

    def view(self) -> lotview.LotView:
        authority = Authority(self.policy, self.platform.public_key())
        return lotview.view(LOT, self.log, authority, Cosigned(self.policy, tuple(self.heads)))

    # facts -----------------------------------------------------------------------------------------------------

    def signed(self, kind: Any, content: dict[str, Any], key: keys.PrivateKey, **fields: Any) -> Any:
        made = Signed.make({"lot": LOT, **content}, key)
        return kind(lot=LOT, file=keys.b64(made.raw), sig=keys.b64(made.sig), **fields)

    def keyset(self, version: int = 1, **changed: Any) -> facts.Keyset:
        spelled = [keys.spell(key.public_key()) for key in (self.owner, self.agency, self.supervisor)]
        terms: dict[str, Any] = {"fact_keys": FactKeys(*spelled), "cut_grace": GRACE, **changed}
        stages = tuple(self._stage(name, version) for name in ("sheet", "docs"))
        self.raw = Keyset(lot=LOT, version=version, stages=stages, **terms).encode()
        sigs = [keys.b64(keys.sign(self.raw, key)) for key in (self.owner, self.supervisor)]
        return facts.Keyset(
            lot=LOT, version=version, file=keys.b64(self.raw), sig_owner=sigs[0], sig_supervisor=sigs[1]
        )

    def _stage(self, name: str, version: int) -> Stage:
        public = name == "sheet"
        return Stage(
            name=name,
            t=3,
            holds_price=public,
            audience=Audience.PUBLIC if public else Audience.EVALUATION,
            audience_recipients=() if public else (AudienceRecipient("评标", age.generate()[1]),),
            trustees=tuple(self._entry(i, name, version) for i in range(1, 5)),
        )

    def _entry(self, i: int, stage: str, version: int) -> TrusteeEntry:
        node = NAMES[i - 1]
        key, recipient = self.nodes[node].private, age.generate()[1]
        said = {"i": i, "org": node, "recipient": recipient, "sign_key": keys.spell(key.public_key())}
        statement = trustee_statement(lot=LOT, stage=stage, version=version, **said)
        return TrusteeEntry(**said, sig=keys.b64(keys.sign(statement, key)))

    def timetable(self, closes: int = CLOSES, opens: int = OPENS, key: keys.PrivateKey | None = None, **odd: Any):
        content = {
            "type": "kaibiao-timetable/1",
            "keyset_sha256": canonical.sha(self.raw),
            "closes_at": at(closes),
            "opens_at": at(opens),
            **odd,
        }
        return self.signed(facts.Timetable, content, key or self.owner)

    def suspended(self, when: int, key: keys.PrivateKey | None = None, cause: str = "停电"):
        content = {"type": "kaibiao-suspended/1", "at": at(when), "cause": cause}
        return self.signed(facts.Suspended, content, key or self.owner, by="owner")

    def resumed(self, when: int, closes: int, opens: int, key: keys.PrivateKey | None = None):
        content = {"type": "kaibiao-resumed/1", "at": at(when), "closes_at": at(closes), "opens_at": at(opens)}
        return self.signed(facts.Resumed, content, key or self.owner, by="owner")

    def outage(self, when: int, closes: int, opens: int, key: keys.PrivateKey | None = None):
        content = {"type": "kaibiao-outage/1", "at": at(when), "closes_at": at(closes), "opens_at": at(opens)}
        return self.signed(facts.OutageOrder, content, key or self.supervisor)

    def box(self, seq: int, cut_size: int, root: str = "a" * 64, count: int = 0) -> facts.BoxClosed:
        return facts.BoxClosed(lot=LOT, seq=seq, cut_size=cut_size, root=root, count=count, bids=())

    def close(self, node: str, box: facts.BoxClosed, key: keys.PrivateKey | None = None) -> facts.Close:
        said = Close(LOT, box.seq, box.root, box.count, (), at(CLOSES + 60))
        made = Signed.make(said.content(), key or self.nodes[node].private)
        return facts.Close(lot=LOT, node=node, file=keys.b64(made.raw), sig=keys.b64(made.sig))

    def promise(self, node: str, box: facts.BoxClosed, key: keys.PrivateKey | None = None) -> facts.ReleaseHash:
        i = NAMES.index(node) + 1
        said = ReleaseHash(LOT, box.root, "sheet", box.seq, i, canonical.sha(node.encode()))
        made = Signed.make(said.content(), key or self.nodes[node].private)
        return facts.ReleaseHash(lot=LOT, stage="sheet", node=node, file=keys.b64(made.raw), sig=keys.b64(made.sig))

    def started(self, key: keys.PrivateKey) -> facts.OpeningStarted:
        content = {"type": lotview.OPENING, "at": at(OPENS), "recording": "on", "deposits": "swept"}
        return self.signed(facts.OpeningStarted, content, key, by="owner")


def collecting() -> Story:
    """A lot that collects until CLOSES."""
    story = Story()
    story.add(story.keyset())
    story.add(story.timetable())
    return story


def boxed() -> tuple[Story, facts.BoxClosed]:
    """A lot with a cut in its window and a first box."""
    story = collecting()
    size = story.cosign(CLOSES + 1)
    box = story.box(1, size)
    story.add(box, CLOSES + 2)
    return story, box
