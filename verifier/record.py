"""The opening record: the one that was logged, signed, and saying what opened here (sealing.md 1.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kernel import canonical, keys
from kernel.errors import Words
from supervision import deposit_facts, facts
from supervision.lotview import Admitted
from tendering.states import LotEvent
from verifier.case import LotCase, short
from verifier.claims import Section, not_due, one
from verifier.opening import Read
from verifier.source import read_json

RECORD = "kaibiao-opening-record/1"


def record(lot: LotCase, read: list[Read], admitted: Admitted) -> Section[None]:
    """The opening record: as logged, signed, and saying what opened here."""
    logged = lot.logged(facts.OpeningRecord)
    if not logged:
        if lot.happened(LotEvent.END_OPENING) is not None:
            raise ValueError("the opening ended without a record")
        yield not_due("record", "尚无开标记录", "there is no opening record yet")
        return
    raw, fact = lot.get("record.json"), logged[-1][1]
    told = read_json(lot.archive, lot.path("record.json"))
    faults = [*_record_faults(lot, raw, fact), *_content_faults(lot, told, read, admitted)]
    faults += _version_faults(lot, told, [one_fact for _, one_fact in logged])
    faults += _deposit_faults(lot, told)
    who = ", ".join(one_sig.by for one_sig in fact.signatures)
    yield from one(
        "record",
        faults,
        Words(
            f"{short(fact.record_sha256)}，内容与重新开启的结果一致，签署：{who}",
            f"{short(fact.record_sha256)} says what opened here, signed by {who}",
        ),
    )
    for zh, en in _waited(fact):
        yield not_due("record", f"{zh}尚未签署开标记录", f"the {en} has not signed the record yet")
    if any(one_sig.by == "officer" for one_sig in fact.signatures):
        yield not_due(
            "record",
            "监督部门经办人的证书未公布，其个人签名未核验",
            "the certificate of the authority's officer is not public: that personal signature is not rechecked",
        )


def _waited(fact: facts.OpeningRecord) -> Iterator[tuple[str, str]]:
    """Who has yet to sign (1.6: platform, owner, supervising authority); the platform's is missed as a fault."""
    signed = {one_sig.by for one_sig in fact.signatures}
    for by, zh, en in (("owner", "招标人", "owner"), ("supervisor", "监督部门", "supervising authority")):
        if by not in signed:
            yield zh, en


def _record_faults(lot: LotCase, raw: bytes, fact: facts.OpeningRecord) -> Iterator[Words]:
    if canonical.sha(raw) != fact.record_sha256:
        yield Words("开标记录与日志中的哈希不符", "the record is not the one whose hash was logged")
    named = lot.keyset.fact_keys
    signers = {"platform": lot.book.policy.platform, "owner": keys.parse(named.owner)}
    signers["supervisor"] = keys.parse(named.supervisor)
    for signature in fact.signatures:
        key = signers.get(signature.by)
        if key is not None and not keys.verified(keys.unb64(signature.sig), raw, key):
            yield Words(
                f"开标记录上 {signature.by} 的签名无效",
                f"the signature of {signature.by} under the record is not valid",
            )
    if "platform" not in {signature.by for signature in fact.signatures}:
        yield Words("开标记录没有平台签名", "the platform did not sign the record")


def _version_faults(lot: LotCase, told: Mapping[str, Any], logged: list[facts.OpeningRecord]) -> Iterator[Words]:
    """Every version that was logged is readable, names the one before it, and takes back nothing that was read out."""
    hashes = list(dict.fromkeys(fact.record_sha256 for fact in logged))
    earlier = [lot.get(f"records/{number}.json") for number in range(1, len(hashes))]
    if [canonical.sha(raw) for raw in earlier] != hashes[:-1]:
        yield Words("开标记录的旧版与日志中的哈希不符", "an earlier version of the record is not the one logged")
    if earlier and (told["version"], told["replaces"]) != (len(hashes), hashes[-2]):
        yield Words("开标记录未写明它接续的旧版", "the record does not name the version that it replaces")
    shown = {row["bid_id"]: row["sheet_sha256"] for row in told["bids"]}
    for raw in earlier:
        for row in canonical.decode(raw)["bids"]:
            if row["sheet_sha256"] not in (None, shown.get(row["bid_id"])):
                yield _about(row["bid_id"], "在新版开标记录中被改动", "was changed in a later version of the record")


def _deposit_faults(lot: LotCase, told: Mapping[str, Any]) -> Iterator[Words]:
    """Whose deposit was in order stands in the record as it was logged, and only of bids that were opened."""
    logged = lot.logged(deposit_facts.DepositsStated)
    rows = [row.to_json() for row in logged[-1][1].rows] if logged else []
    if told.get("deposits", []) != rows:
        yield Words(
            "开标记录中的保证金情况与日志不符", "the record says otherwise than the log whose deposit was in order"
        )
    shown = {row["bid_id"] for row in told["bids"] if row["sheet_sha256"] is not None}
    for row in rows:
        if row["bid_id"] not in shown:
            yield _about(row["bid_id"], "未开启却宣读了保证金情况", "was not opened, and its deposit was read out")


def _content_faults(lot: LotCase, told: Mapping[str, Any], read: list[Read], admitted: Admitted) -> Iterator[Words]:
    box = lot.final.fact
    roll = {"seq": box.seq, "root": box.root, "count": box.count, "cut_size": box.cut_size}
    if (told["type"], told["lot"], told["roll"]) != (RECORD, lot.code, roll):
        yield Words("开标记录写的是别的标段或名册", "the record is of another lot or roll")
    if told["admitted"]["bids"] != list(admitted.bids):
        yield Words("开标记录写的准入投标不同", "the record lists other bids as admitted")
    shown = {row["bid_id"]: (row["manifest_sha256"], row["sheet_sha256"]) for row in told["bids"]}
    for one_bid in read:
        sha256 = None if one_bid.plain is None else canonical.sha(one_bid.plain)
        if shown.get(one_bid.bid_id) != (one_bid.manifest_sha256, sha256):
            yield _about(
                one_bid.bid_id,
                "在开标记录中与解密结果不同",
                "stands in the record with another sheet than the one sealed",
            )


def _about(bid_id: str, zh: str, en: str) -> Words:
    return Words(f"{short(bid_id)} {zh}", f"{short(bid_id)} {en}")
