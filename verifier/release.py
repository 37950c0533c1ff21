"""Admission and release: first the promises of t trustees, then the lines, never before the opening (sealing.md 1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kernel import canonical, keys
from kernel.errors import Words
from kernel.statements import Signed
from sealing import disputes, release
from sealing.keyset import Audience, Stage
from sealing.manifest import Manifest
from sealing.release import Admission, Release
from sealing.roll import Close, Status
from supervision import facts
from supervision.lotview import Admitted
from tendering.states import LotEvent
from verifier import moments
from verifier.case import LotCase
from verifier.claims import Claim, Section, lie, not_due, one
from verifier.listed import Listed
from verifier.source import find

Promise = tuple[int, release.ReleaseHash]
"""The entry and what it says."""


@dataclass(frozen=True)
class Given:
    """A trustee's release file of a public stage, which kept its promise."""

    i: int
    release: Release


def admission(lot: LotCase, found: list[Listed]) -> Section[Admitted | None]:
    """Each admission of the first stage is what the live bids and the closes below it make; a later one only adds."""
    stage = lot.keyset.stages[0]
    logged = [(index, fact) for index, fact in lot.logged(facts.StageAdmitted) if fact.stage == stage.name]
    rounds = lot.view.rounds.get(stage.name)
    if not rounds or not found:
        yield _not_admitted(due=bool(logged) and lot.happened(LotEvent.END_OPENING) is not None)
        return None
    live = [entry.manifest for entry in found if entry.status is Status.LIVE]
    for admitted in rounds:
        wrong = Words("准入的投标与封箱声明推出的不同", "other bids were admitted than the closes below it admit")
        bids, aside = len(admitted.bids), len(admitted.set_aside)
        good = Words(f"{bids} 份准予开启，{aside} 份暂置", f"{bids} bids admitted, {aside} set aside")
        same = Admission(admitted.bids, admitted.set_aside) == _expected(lot, stage, live, admitted)
        yield from one("admitted", [] if same else [wrong], good)
    return rounds[-1]


def _expected(lot: LotCase, stage: Stage, live: list[Manifest], admitted: Admitted) -> Admission:
    """What the closes in the log below an admission make of it."""
    counted = lot.view.closes_of(lot.final).items()
    closes = {i: said.close for i, said in counted if said.index < admitted.index}
    published = lot.view.identities.get(stage.name)
    known = published.identity if published is not None and published.index < admitted.index else None
    judged = disputes.judgments(live, lot.keyset, closes, known)
    return release.admitted(live, stage, closes, disputes.cleared(judged, known))


def _not_admitted(*, due: bool) -> Claim:
    if due:
        return lie("admitted", "首阶段的准入与最终名册不符", "the first stage's admission is not on the final roll")
    return not_due("admitted", "首阶段尚未准入", "the first stage is not admitted yet")


def started(lot: LotCase) -> Section[None]:
    """Nothing was promised, let alone released, before the opening time, nor before the host began or kept everybody waiting."""
    deadline, cosigned = lot.view.deadline, lot.book.cosigned
    promises = [index for index, _ in lot.logged(facts.ReleaseHash)]
    if deadline is None or not promises:
        yield not_due("started", "尚未开标", "the opening has not begun")
        return
    since = cosigned.since(promises[0])
    begun, faults = lot.view.opening_started, list[Words]()
    if since is not None and since < deadline.opens_at:
        when = moments.spelled(since)
        faults.append(
            Words(
                f"份额承诺早于开标时间：第 {promises[0]} 条在 {when} 已被见证",
                f"a release was promised before the opening: entry {promises[0]} was cosigned by {when}",
            )
        )
    waited = since is not None and since >= deadline.opens_at + lot.keyset.open_wait
    if (begun is None or begun > promises[0]) and not waited:
        faults.append(
            Words(
                "主持人尚未宣布开标，等待时间也未满",
                "released although nobody had started the opening and open_wait was not over",
            )
        )
    good = Words("主持人未宣布，等待期满后开启", "nobody started it; opened after open_wait")
    if begun is not None:
        good = Words(
            f"第 {begun} 条宣布开标，此后才有份额承诺", f"started by entry {begun}; every promise came after it"
        )
    yield from one("started", faults, good)


def order(lot: LotCase, stage: Stage) -> Section[bool]:
    """As many promises as it takes stand in the log before the first line is given; every given file is the promised one.

    So it is for each admission by itself: a later one has promises and releases of its own.
    """
    given = [(index, fact) for index, fact in lot.logged(facts.Release) if fact.stage == stage.name]
    if not given:
        yield not_due("hashes", f"{stage.name}：尚未发布份额", f"{stage.name}: no release yet")
        return False
    rounds = [_promises(lot, stage, number) for name, number in sorted(lot.view.hashes) if name == stage.name]
    names = ", ".join(sorted({fact.node for _, fact in given}))
    promised = sum(len(promises) for promises in rounds)
    good = Words(
        f"{stage.name}：{promised} 份承诺在先，发布者 {names}",
        f"{stage.name}: {promised} promises first, then released by {names}",
    )
    return (yield from one("hashes", _order_faults(stage, given, rounds), good))


def _order_faults(
    stage: Stage, given: list[tuple[int, facts.Release]], rounds: list[dict[int, Promise]]
) -> Iterator[Words]:
    known = set[str]()
    for promised in rounds:
        hashes = {said.sha256 for _, said in promised.values()}
        yield from _early(stage, [row for row in given if row[1].sha256 in hashes], promised)
        known |= hashes
    for index, fact in given:
        if fact.sha256 not in known:
            yield Words(
                f"{stage.name}：{fact.node} 发布的文件（第 {index} 条）与其承诺不符",
                f"{stage.name}: {fact.node} released (entry {index}) another file than it promised",
            )


def _early(stage: Stage, given: list[tuple[int, facts.Release]], promised: Mapping[int, Promise]) -> Iterator[Words]:
    enough = sorted(index for index, _ in promised.values())[: stage.t]
    if given and (len(enough) < stage.t or given[0][0] < enough[-1]):
        first, early = given[0]
        yield Words(
            f"{stage.name}：第 {first} 条发布份额时，承诺不足 {stage.t} 份",
            f"{stage.name}: {early.node} released in entry {first}, before {stage.t} promises were logged",
        )


def _promises(lot: LotCase, stage: Stage, number: int) -> dict[int, Promise]:
    """Share index to entry and promise, of those that count for an admission."""
    standing, found = lot.view.hashes.get((stage.name, number), {}), dict[int, Promise]()
    for index, fact in lot.logged(facts.ReleaseHash):
        for i, said in standing.items():
            if fact.stage == stage.name and fact.signed.raw == canonical.encode(said.content()):
                found.setdefault(i, (index, said))
    return found


def files(lot: LotCase, stage: Stage) -> Section[list[Given]]:
    """The released lines of a public stage, as promised and complete; t of them."""
    found, faults = list[Given](), list[Words]()
    for one_round in lot.view.rounds.get(stage.name, ()):
        for i, promised in sorted(lot.view.hashes.get((stage.name, one_round.number), {}).items()):
            raw = find(lot.archive, lot.path(f"releases/{file_name(stage, i, promised.number)}.json"))
            if raw is None:
                continue
            wrong = list(_file_faults(lot, stage, promised, raw))
            faults += wrong
            if not wrong:
                found.append(Given(i, Release.parse(raw)))
    if len(found) < stage.t and not faults:
        faults.append(
            Words(f"{stage.name}：份额文件不足 {stage.t} 份", f"{stage.name}: fewer than {stage.t} release files")
        )
    yield from one(
        "releases",
        faults,
        Words(
            f"{stage.name}：{len(found)} 份份额文件与承诺相符、签名有效、无遗漏",
            f"{stage.name}: {len(found)} release files as promised, signed and complete",
        ),
    )
    return found


def file_name(stage: Stage, i: int, number: int) -> str:
    """A trustee's release as the portal publishes it; those for later admissions bear their number."""
    return f"{stage.name}-{i}" + (f".{number}" if number > 1 else "")


def _file_faults(lot: LotCase, stage: Stage, promised: release.ReleaseHash, raw: bytes) -> Iterator[Words]:
    org = stage.trustee(promised.i).org
    own = _own_close(lot, promised.i)
    due = release.added([one_round.bids for one_round in lot.view.rounds[stage.name][: promised.number]])
    for fault in release.check_release(raw, Release.parse(raw), promised, due, own):
        yield Words(f"{org}：{fault.zh}", f"{org}: {fault.en}")
    text = lot.get(f"releases/{file_name(stage, promised.i, promised.number)}.sig").decode("ascii").strip()
    signed = Signed(raw, keys.unb64(text))
    if not signed.signed_by(keys.parse(stage.trustee(promised.i).sign_key)):
        yield Words(f"{org} 的份额文件签名无效", f"the release of {org} is not signed by it")


def _own_close(lot: LotCase, i: int) -> Close:
    """What the trustee itself called bad, and so need not give."""
    said: Mapping[int, Close] = {j: one_close.close for j, one_close in lot.view.closes_of(lot.final).items()}
    box = lot.final.fact
    return said.get(i) or Close(lot.code, box.seq, box.root, box.count, (), "1970-01-01T00:00:00Z")


def public(stage: Stage) -> bool:
    return stage.audience is Audience.PUBLIC
