"""The opening, done over: every sheet decrypted again from ciphertext and lines, and compared with what was read out (1.6, 1.7)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel import canonical, money
from kernel.errors import Words
from sealing import disputes, opening, shares
from sealing import suite as suites
from sealing.faults import Judgment, Party
from sealing.keyset import Stage
from sealing.manifest import Manifest
from sealing.roll import Status
from sealing.sheet import Sheet
from supervision import facts
from supervision.lotview import Admitted
from verifier.case import LotCase, short
from verifier.claims import Claim, Section, not_due, one
from verifier.listed import Listed
from verifier.release import Given
from verifier.source import MissingError, find

Lines = Mapping[int, bytes]


@dataclass(frozen=True)
class Read:
    """A bid as it opened here: the sheet, or whose fault it is that there is none."""

    bid_id: str
    manifest_sha256: str
    plain: bytes | None
    sheet: Sheet | None
    judgment: Judgment | None


def bids(
    lot: LotCase, stage: Stage, found: list[Listed], admitted: Admitted, given: list[Given]
) -> Section[list[Read]]:
    """Each admitted bid opened again, one claim for each."""
    manifests = {entry.manifest.bid_id: entry for entry in found if entry.status is Status.LIVE}
    read = list[Read]()
    for bid_id in admitted.bids:
        entry = manifests[bid_id]
        lines = {one_file.i: one_file.release.lines[bid_id] for one_file in given if bid_id in one_file.release.lines}
        lines |= _shown_line(lot, stage, entry.manifest)
        disputed = opening.disputed_lines(entry.manifest.envelope(stage.name), lines)
        if len(lines) - len(disputed) < stage.t:
            yield from _short(lot, bid_id, disputed)
            continue
        plain, judgment, disputed = _opened(lot, stage, entry.manifest, lines)
        here = Read(bid_id, entry.sha256, plain, None if plain is None else Sheet.parse(plain), judgment)
        read.append(here)
        faults = [*_disputed(bid_id, disputed), *_read_faults(lot, here)]
        yield from one("bid", faults, _read_words(here))
    judged = _line_judgments(lot, stage, [entry.manifest for entry in manifests.values()])
    yield from _judged_lines(lot, stage, judged)
    for bid_id in admitted.set_aside:
        if bid_id not in judged or judged[bid_id].party is not Party.BIDDER:
            yield _aside(bid_id)
            continue
        entry = manifests[bid_id]
        here = Read(bid_id, entry.sha256, None, None, judged[bid_id])
        read.append(here)
        yield from one("bid", _read_faults(lot, here), _read_words(here))
    return read


def _line_judgments(lot: LotCase, stage: Stage, live: list[Manifest]) -> dict[str, Judgment]:
    """Bid to judgment, of the lines that the published identity of the stage shows (1.7)."""
    published = lot.view.identities.get(stage.name)
    closes = {i: said.close for i, said in lot.view.closes_of(lot.final).items()}
    return disputes.judgments(live, lot.keyset, closes, None if published is None else published.identity)


def _judged_lines(lot: LotCase, stage: Stage, judged: Mapping[str, Judgment]) -> Iterator[Claim]:
    """Every logged judgment of a line is what the published identity shows."""
    for _, fact in lot.logged(facts.LineJudged):
        if fact.stage != stage.name:
            continue
        here = judged.get(fact.bid_id)
        right = here is not None and (fact.i, fact.party) == (here.trustee, here.party.value)
        wrong = Words(
            f"{short(fact.bid_id)} 的份额判定与公布的私钥不符",
            f"{short(fact.bid_id)}: the published identity does not bear out how the line was judged",
        )
        zh, en = ("", "") if here is None else (here.zh, here.en)
        good = Words(f"{short(fact.bid_id)} 的份额判定无误：{zh}", f"{short(fact.bid_id)}: line judged rightly: {en}")
        yield from one("line", [] if right else [wrong], good)


def _aside(bid_id: str) -> Claim:
    return not_due("bid", f"{short(bid_id)} 暂置待查，未开启", f"{short(bid_id)} was set aside and not opened")


def _shown_line(lot: LotCase, stage: Stage, manifest: Manifest) -> dict[int, bytes]:
    """The line that a published identity unwraps."""
    published = lot.view.identities.get(stage.name)
    if published is None:
        return {}
    identity = published.identity
    wrapped = manifest.envelope(stage.name).share(identity.i).wrapped
    try:
        return {identity.i: shares.unwrap(wrapped, suites.named(lot.keyset.suite), identity.secret)}
    except ValueError:
        return {}


def _short(lot: LotCase, bid_id: str, disputed: tuple[Judgment, ...]) -> Iterator[Claim]:
    """With fewer than t committed lines a bid is set aside, and was not read out."""
    faults = list(_disputed(bid_id, disputed))
    if any(fact.bid_id == bid_id for _, fact in lot.logged(facts.BidOpened)):
        said = "宣布已开启，但份额不足", "was read out, but too few shares of it were released"
        faults.append(Words(*(f"{short(bid_id)} {words}" for words in said)))
    if faults:
        yield from one("bid", faults, Words("", ""))
    else:
        yield _aside(bid_id)


def _opened(
    lot: LotCase, stage: Stage, manifest: Manifest, lines: Lines
) -> tuple[bytes | None, Judgment | None, tuple[Judgment, ...]]:
    """The payload or the judgment, and the lines that are not the committed ones."""
    digest = manifest.envelope(stage.name).ciphertext_sha256
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain"
        try:
            with lot.archive.open(lot.path(f"ciphertexts/{digest}.age")) as ciphertext:
                found = opening.open_envelope(manifest, stage.name, lines, ciphertext, plain)
        except MissingError:
            return None, Judgment(Party.PLATFORM, "1.6(d)", "缺少密文", "the ciphertext is missing"), ()
        if isinstance(found, Judgment):
            return None, found, ()
        return plain.read_bytes(), None, found.disputed


def _disputed(bid_id: str, disputed: tuple[Judgment, ...]) -> Iterator[Words]:
    for judgment in disputed:
        yield Words(f"{short(bid_id)}：{judgment.zh}", f"{short(bid_id)}: {judgment.en}")


def _read_faults(lot: LotCase, read: Read) -> Iterator[Words]:
    opened = [fact for _, fact in lot.logged(facts.BidOpened) if fact.bid_id == read.bid_id]
    judged = [fact for _, fact in lot.logged(facts.BidJudged) if fact.bid_id == read.bid_id]
    if len(opened) + len(judged) != 1:
        yield _about(
            read,
            f"在日志中读出 {len(opened)} 次、判定 {len(judged)} 次",
            f"was read out {len(opened)} times and judged {len(judged)} times",
        )
    for fact in opened:
        yield from _opened_faults(lot, read, fact)
    for verdict in judged:
        yield from _judged_faults(read, verdict)


def _opened_faults(lot: LotCase, read: Read, fact: facts.BidOpened) -> Iterator[Words]:
    if read.plain is None or read.sheet is None:
        why = read.judgment
        yield _about(
            read,
            f"宣布已开启，但打不开：{why.zh if why else ''}",
            f"was read out, but does not open: {why.en if why else ''}",
        )
        return
    sheet = read.sheet
    price = None if sheet.price is None else money.wire(sheet.price)
    if fact.price != price:
        yield _about(
            read, f"唱标报价 {fact.price}，密封报价 {price}", f"was read out at {fact.price}, but sealed at {price}"
        )
    if (fact.bidder, fact.period_days) != (sheet.header.bidder, sheet.period_days):
        yield _about(read, "唱标的投标人或工期与密封内容不同", "was read out with another bidder or period than sealed")
    if (fact.sheet_sha256, fact.manifest_sha256) != (canonical.sha(read.plain), read.manifest_sha256):
        yield _about(read, "日志记录的是别的报价表", "is logged with the hash of another sheet")
    if find(lot.archive, lot.path(f"sheets/{read.bid_id}.json")) != read.plain:
        yield _about(read, "公布的报价表与解密结果不同", "is published with another sheet than the one sealed")
    yield from _words_faults(read, sheet)


def _words_faults(read: Read, sheet: Sheet) -> Iterator[Words]:
    said = sheet.price_words
    if said is not None and (sheet.price is None or said != money.words(sheet.price)):
        yield _about(read, "大写与小写金额不一致", "states another price in words than in figures")


def _judged_faults(read: Read, fact: facts.BidJudged) -> Iterator[Words]:
    if read.judgment is None:
        yield _about(read, f"被判“{fact.verdict}”，其实可以打开", f"was judged {fact.verdict}, but opens")
        return
    expected = "revoked" if read.judgment.party is Party.BIDDER else "returned"
    if (fact.party, fact.rule, fact.verdict) != (read.judgment.party.value, read.judgment.rule, expected):
        yield _about(
            read,
            f"判给 {fact.party}（{fact.rule}），实为 {read.judgment.party.value}（{read.judgment.rule}）",
            f"is blamed on {fact.party} ({fact.rule}); it is {read.judgment.party.value}'s fault ({read.judgment.rule})",
        )


def _read_words(read: Read) -> Words:
    if read.sheet is None:
        why = read.judgment
        return Words(
            f"{short(read.bid_id)} 未能开启，判定无误：{why.zh if why else ''}",
            f"{short(read.bid_id)} does not open, judged rightly: {why.en if why else ''}",
        )
    price = "—" if read.sheet.price is None else money.wire(read.sheet.price)
    return Words(
        f"{short(read.bid_id)} {read.sheet.header.bidder}，{price} 元，由密文和份额重新解密得出",
        f"{short(read.bid_id)} {read.sheet.header.bidder}, CNY {price}, decrypted again from ciphertext and shares",
    )


def nothing_else(lot: LotCase, stage: Stage, read: list[Read]) -> Section[None]:
    """No line was read out or judged that no admitted bid stands behind."""
    known = {one_bid.bid_id for one_bid in read}
    said = [fact.bid_id for _, fact in lot.logged(facts.BidOpened)]
    said += [fact.bid_id for _, fact in lot.logged(facts.BidJudged)]
    strange = sorted({bid_id for bid_id in said if bid_id not in known})
    faults = [
        Words(f"唱出了未准入的投标 {short(bid_id)}", f"{short(bid_id)} was read out, but never admitted")
        for bid_id in strange
    ]
    first = min((index for index, _ in lot.logged(facts.BidOpened)), default=None)
    given = [index for index, fact in lot.logged(facts.Release) if fact.stage == stage.name]
    if first is not None and (len(given) < stage.t or given[stage.t - 1] > first):
        faults.append(
            Words(
                f"第 {first} 条唱标时，发布的份额不足 {stage.t} 份",
                f"entry {first} reads a bid out before {stage.t} trustees had released",
            )
        )
    yield from one(
        "readout",
        faults,
        Words(f"唱标 {len(said)} 份，与准入的投标一一对应", f"{len(said)} lines read out, one for each admitted bid"),
    )


def _about(read: Read, zh: str, en: str) -> Words:
    return Words(f"{short(read.bid_id)} {zh}", f"{short(read.bid_id)} {en}")
