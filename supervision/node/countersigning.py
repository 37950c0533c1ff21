"""The supervising authority's signature under the opening record (sealing.md 1.6): given when the log says the same.

The node opens nothing itself: it compares the record with the roll it closed on and the bids that were logged as opened
before it, and signs the exact bytes whose hash stands in the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys
from supervision import facts
from supervision.base_price_facts import BasePriceOpened
from supervision.lotview import LotView
from supervision.node.alerts import Alerts, Finding
from supervision.node.card import NodeKeys
from supervision.node.lots import Lots
from supervision.node.outgoing import Outgoing
from supervision.node.trustee import Later, MailError
from supervision.vocabulary import Fact

TYPE = "kaibiao-opening-record/1"


@dataclass(frozen=True)
class Countersigning:
    keys: NodeKeys
    lots: Lots
    alerts: Alerts
    outgoing: Outgoing

    def sign_record(self, body: Mapping[str, Any]) -> None:
        """`record.sign`: Later while the log does not hold the record; a red alert for one that says something else."""
        raw, told = _record(body)
        view, digest = self.lots.view(told["lot"]), canonical.sha(raw)
        if view.terms is None or view.terms.keyset.fact_keys.supervisor != self.keys.sign_key:
            raise MailError("this node is not the supervising authority's of that lot")
        known = self.lots.mirror.facts_of(view.lot)
        index = next((at for at, fact in known if _is_record(fact, digest)), None)
        if index is None:
            raise Later(f"the record {digest} of {view.lot} is not in the log yet")
        faults = list(_faults(told, view, [fact for at, fact in known if at < index]))
        if faults:
            evidence = {"lot": view.lot, "record_sha256": digest, "record_index": index, "faults": faults[:50]}
            self.alerts.add(Finding("record.refused", "red", "content", evidence, view.lot))
            raise MailError(faults[0])
        sig = keys.b64(keys.sign(raw, self.keys.witness.private))
        answer = {"lot": view.lot, "record_sha256": digest, "sig": sig}
        self.outgoing.put(f"record/{digest}", "record.signature", answer)


def _record(body: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    try:
        raw = keys.unb64(body["file"])
        told = canonical.decode(raw)
        if told["type"] == TYPE and isinstance(told["lot"], str) and isinstance(told["bids"], list):
            return raw, told
    except (KeyError, TypeError, ValueError) as error:
        raise MailError(f"not an opening record: {error}") from error
    raise MailError("not an opening record")


def _is_record(fact: Fact, digest: str) -> bool:
    return isinstance(fact, facts.OpeningRecord) and fact.record_sha256 == digest


def _faults(told: Mapping[str, Any], view: LotView, before: list[Fact]) -> Iterator[str]:
    """What the record says otherwise than the final roll and the bids logged as opened before it."""
    if view.final is None:
        yield "no roll of the lot is final"
        return
    box = view.final.fact
    roll = {"seq": box.seq, "root": box.root, "count": box.count, "cut_size": box.cut_size}
    if told.get("roll") != roll:
        yield "the record names another roll than the final one"
    logged = {(one.bid_id, one.manifest_sha256, one.sheet_sha256) for one in before if isinstance(one, facts.BidOpened)}
    shown = {_line(row) for row in told["bids"] if isinstance(row, dict) and row.get("sheet_sha256") is not None}
    for bid_id, *_ in sorted(logged ^ shown):
        yield f"bid {bid_id} stands otherwise in the record than in the log"
    if _base_price(told) != next((one.amount for one in before if isinstance(one, BasePriceOpened)), None):
        yield "the base price stands otherwise in the record than in the log"


def _base_price(told: Mapping[str, Any]) -> object:
    """The amount that the record says was read out."""
    found = told.get("base_price")
    return found.get("amount") if isinstance(found, dict) else None


def _line(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(row.get("bid_id")), str(row.get("manifest_sha256")), str(row.get("sheet_sha256"))
