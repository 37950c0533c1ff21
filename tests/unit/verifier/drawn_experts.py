"""The draw of a played tender's experts: seven of the pool, as many drawn as sit, the others in reserve."""

from __future__ import annotations

from dataclasses import dataclass, field

from evaluation.draw import rules
from kernel import canonical, keys, merkle
from supervision import draw
from supervision.draw_facts import ExpertsDrawn, ExpertsListed, ExpertsSeated, Passed, Taken
from tests.unit.verifier.public_log import PublicLog, at

POOL = [f"专家{name}" for name in "子丑寅卯辰巳午"]
OFFICE = "9133010667000000XX"


@dataclass
class DrawnExperts:
    """`names` are the pool's by reference; `order` is what the draw made of it."""

    lot: str
    seats: int
    nonces: dict[str, str] = field(default_factory=lambda: {name: f"{at:064x}" for at, name in enumerate(POOL)})
    order: list[str] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = {rules.reference(self.lot, nonce, name, OFFICE): name for name, nonce in self.nonces.items()}

    def play(self, log: PublicLog, seconds: int) -> None:
        """Listed, cosigned, drawn."""
        listed = self.listed(seconds)
        log.append(listed)
        size = log.cosign(seconds)
        log.append(self.drawn(listed, size, merkle.root(log.entries[:size])))

    def listed(self, seconds: int) -> ExpertsListed:
        references = tuple(sorted(self.names))
        return ExpertsListed(
            lot=self.lot, number=1, seats=self.seats, fields=("市政工程",), references=references, at=at(seconds)
        )

    def drawn(self, listed: ExpertsListed, size: int, root: bytes) -> ExpertsDrawn:
        digest = canonical.sha(listed.canonical())
        seed = draw.seed(root, digest)
        self.order = list(draw.drawn(listed.references, len(listed.references), seed))
        chosen = tuple(self.order[: self.seats])
        return ExpertsDrawn(
            lot=self.lot, number=1, list_sha256=digest, size=size, root=keys.b64(root), seed=seed, drawn=chosen
        )

    def sits(self, aliases: list[str]) -> dict[str, str]:
        """References by alias."""
        gone = {one.reference for one in self.passed}
        return dict(zip(aliases, rules.seated(self.order, gone, self.seats), strict=True))

    def seated(self, aliases: list[str]) -> ExpertsSeated:
        taken = tuple(Taken(reference=one, alias=alias) for alias, one in self.sits(aliases).items())
        return ExpertsSeated(lot=self.lot, seated=taken, passed=tuple(self.passed))

    def opened(self, aliases: list[str]) -> dict[str, dict[str, str]]:
        """What is told of each alias after the award."""
        names = {alias: self.names[reference] for alias, reference in self.sits(aliases).items()}
        return {alias: self.told(name) for alias, name in names.items()}

    def told(self, name: str) -> dict[str, str]:
        return {"name": name, "organization": OFFICE, "nonce": self.nonces[name]}
