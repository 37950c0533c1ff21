"""The lots' keysets: asked for from the nodes, put together when all have answered, signed by the supervising authority.

The notes of the nodes are checked against the pinned policy on arrival; a keyset that `Keyset.check` finds unsound is
never shown to an owner for signing.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts import service as accounts
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys
from kernel.db import db
from kernel.errors import Conflict, Invalid, Unavailable
from kernel.site import site
from kernel.statements import Signed
from sealing import keyset as sealing
from sealing.keyset import AudienceRecipient, FactKeys, Keyset
from supervision import mail
from supervision.policy import Policy
from supervision.policy_file import Witness
from tendering import agency, drafts, packs, visibility
from tendering.checklist import Obstacle
from tendering.lifecycle import lot_of
from tendering.models import Lot, Tender, TermsChange, TrusteeEntry
from tendering.packs import Stage as PackStage
from tendering.quotes import boxes
from tendering.states import LotState

RULE = "sealing.md 1.1"


SUPERVISING = "supervisor"


def supervising(pinned: Policy) -> Witness:
    """The supervising authority's node: the witness of that name, or the first of a policy that has none."""
    return pinned.witnesses.get(SUPERVISING) or next(iter(pinned.witnesses.values()))


def request_keysets(actor: Actor, tender: Tender, cert_der: bytes, now: dt.datetime) -> None:
    """Ask every node for fresh recipients for each lot. Asking again with the same key and pack changes nothing.

    `cert_der` is the certificate with which the owner will sign and publish; its key goes into the keyset.
    """
    visibility.check_project(tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    drafts.check_draft(tender)
    owner = keys.spell(accounts.signer(actor, cert_der, now))
    _evaluator()
    if not tender.lots:
        raise Conflict("keys.no_lots", "请先填写标段（包）。", "Enter the lots first.", rule=RULE)
    supervisor = supervising(mail.policy()).sign_key
    fact_keys = {"owner": owner, "agency": agency.fact_key(tender, owner, now), "supervisor": supervisor}
    for lot in tender.lots:
        if lot.fact_keys != fact_keys:
            _request(lot, fact_keys)
    records.acted(actor, "keyset.requested", now, cert_sha256=canonical.sha(cert_der))


def take_trustee_entries(node: str, body: Mapping[str, Any], now: dt.datetime) -> None:  # noqa: ARG001  one form for all answers
    """A node's answer: its statements for the stages of a lot. The last one in puts the keyset together.

    The lot's row is locked, so that of two nodes answering at once the second sees the first.
    """
    lot = lot_of(_text(body, "lot"), lock=True)
    asked = _asked(lot, body.get("version"))
    if asked is None or asked.keyset is not None:
        return  # an answer to a request that was replaced in the meantime
    pinned = mail.policy()
    for item in body.get("entries") or []:
        _take(lot, asked.keyset_version, _witness(pinned, node), item)
    db.session.flush()
    _assemble(lot, asked, pinned)


def take_keyset_signature(node: str, body: Mapping[str, Any], now: dt.datetime) -> None:  # noqa: ARG001  one form for all answers
    """The supervising authority's signature over the keyset's exact bytes."""
    lot = lot_of(_text(body, "lot"), lock=True)
    asked = _asked(lot, body.get("version"))
    if asked is None or asked.keyset is None:
        return
    witness = _witness(mail.policy(), node)
    signed = Signed(asked.keyset, _base64(_text(body, "sig")))
    if witness.name != supervising(mail.policy()).name or not signed.signed_by(witness.verifier.key):
        raise _refused("not the supervising authority's signature over this keyset")
    asked.keyset_supervisor_sig = keys.b64(signed.sig)


def _asked(lot: Lot, version: object) -> Lot | TermsChange | None:
    """What the nodes were asked for under this version: a draft's keyset, or changed terms that are not issued yet."""
    if lot.state == LotState.DRAFT:
        return lot if version == lot.keyset_version else None
    if not isinstance(version, int):
        return None
    wanted = select(TermsChange).where(TermsChange.lot_id == lot.id, TermsChange.issued_at.is_(None))
    found: TermsChange | None = db.session.scalar(wanted.where(TermsChange.keyset_version == version))
    return found


def obstacles(lot: Lot) -> list[Obstacle]:
    """What is still missing of a lot's keyset, as the checklist says it."""
    where = f"lots.{lot.number}.keys"
    if lot.fact_keys is None:
        return [
            Obstacle(
                "keys.not_requested",
                f"第 {lot.number} 标段尚未申请密钥组。",
                f"Ask the nodes for the keys of lot {lot.number}.",
                RULE,
                where,
            )
        ]
    if lot.keyset is None:
        missing = "、".join(waiting_for(lot))
        return [
            Obstacle(
                "keys.waiting",
                f"第 {lot.number} 标段等待监督节点：{missing}。",
                f"Lot {lot.number} waits for the keys of: {missing}.",
                RULE,
                where,
            )
        ]
    if lot.keyset_supervisor_sig is None:
        return [
            Obstacle(
                "keys.unsigned",
                f"第 {lot.number} 标段密钥组待监督机构签名。",
                f"The supervising authority has yet to sign the keys of lot {lot.number}.",
                RULE,
                where,
            )
        ]
    return []  # fmt: skip


def waiting_for(lot: Lot, version: int | None = None) -> list[str]:
    """The organizations whose nodes have not answered the request for this version (the lot's own) whole."""
    pinned, asked = mail.policy(), version or lot.keyset_version
    given = {(entry.node, entry.stage) for entry in lot.trustees if entry.version == asked}
    stages = [stage.name for stage in boxes.stages(lot)]
    return [
        found.org or name
        for name, found in pinned.witnesses.items()
        if any((name, stage) not in given for stage in stages)
    ]


def _request(lot: Lot, fact_keys: dict[str, str]) -> None:
    lot.keyset_version += 1
    lot.fact_keys = fact_keys
    lot.keyset, lot.keyset_sha256 = None, None
    lot.keyset_owner_sig = lot.keyset_supervisor_sig = None
    ask_nodes(lot, lot.keyset_version)


def ask_nodes(lot: Lot, version: int) -> None:
    """Have every node make fresh keys of this version for each stage of the lot."""
    stages = [stage.name for stage in boxes.stages(lot)]
    mail.post(None, "trustee.request", {"lot": lot.code, "version": version, "stages": stages})


def _take(lot: Lot, version: int, witness: Witness, item: Any) -> None:
    """Enter one statement; refused unless it is this node's own, for this lot, stage and version."""
    try:
        signed = Signed.from_json({"file": item["file"], "sig": item["sig"]})
        said = sealing.parse_trustee_statement(signed.raw)
    except (KeyError, TypeError, ValueError) as error:
        raise _refused(str(error)) from error
    place = list(mail.policy().witnesses).index(witness.name) + 1
    expected = {"lot": lot.code, "version": version, "i": place, "org": witness.org, "sign_key": witness.sign_key}
    odd = sorted(name for name, value in expected.items() if dict(said)[name] != value)
    if odd or said["stage"] not in {stage.name for stage in boxes.stages(lot)}:
        raise _refused(f"not what was asked for: {', '.join(odd) or 'stage'}")
    if not signed.signed_by(witness.verifier.key):
        raise _refused("the signature is not the node's")
    _enter(lot, witness.name, said, signed)


def _enter(lot: Lot, node: str, said: sealing.StatementFields, signed: Signed) -> None:
    known = select(TrusteeEntry.id).where(
        TrusteeEntry.lot_id == lot.id,
        TrusteeEntry.version == said["version"],
        TrusteeEntry.stage == said["stage"],
        TrusteeEntry.i == said["i"],
    )
    if db.session.scalar(known) is not None:
        return  # the same answer delivered twice
    lot.trustees.append(
        TrusteeEntry(
            version=said["version"],
            stage=said["stage"],
            i=said["i"],
            node=node,
            file=signed.raw,
            sig=keys.b64(signed.sig),
        )
    )


def _assemble(lot: Lot, asked: Lot | TermsChange, pinned: Policy) -> None:
    """Build the exact bytes once every node has answered, and ask the supervising authority to sign them."""
    version, pack = asked.keyset_version, packs.load(lot.tender.pack_id)
    if waiting_for(lot, version):
        return
    assert asked.fact_keys is not None
    raw = Keyset.build(
        lot=lot.code,
        version=version,
        fact_keys=FactKeys(**asked.fact_keys),
        stages=tuple(_stage(lot, version, stage) for stage in boxes.stages(lot)),
        **pack.timings.to_json(),
    )
    trustees = {found.org: found.verifier.key for found in pinned.witnesses.values() if found.org}
    if unsound := Keyset.parse(raw).check(trustees):
        raise _refused("; ".join(unsound))
    asked.keyset, asked.keyset_sha256 = raw, canonical.sha(raw)
    mail.post([supervising(pinned).name], "keyset.sign", {"lot": lot.code, "version": version, "file": keys.b64(raw)})


def _stage(lot: Lot, version: int, stage: PackStage) -> sealing.Stage:
    rows = [row for row in lot.trustees if (row.version, row.stage) == (version, stage.name)]
    audience = sealing.Audience(stage.audience)
    return sealing.Stage(
        name=stage.name,
        t=stage.t,
        holds_price=stage.holds_price,
        audience=audience,
        audience_recipients=(_evaluator(),) if audience is sealing.Audience.EVALUATION else (),
        trustees=tuple(_trustee(row) for row in sorted(rows, key=lambda row: row.i)),
    )


def _trustee(row: TrusteeEntry) -> sealing.TrusteeEntry:
    said = sealing.parse_trustee_statement(row.file)
    return sealing.TrusteeEntry(
        i=said["i"], org=said["org"], recipient=said["recipient"], sign_key=said["sign_key"], sig=row.sig
    )


def _evaluator() -> AudienceRecipient:
    """Who opens the stages for the evaluation: the public card of the evaluator process."""
    path = site().folder("keys") / "evaluator.json"
    try:
        card = json.loads(path.read_bytes())
        return AudienceRecipient(str(card.get("org") or "evaluator"), str(card["recipient"]))
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(
            "evaluator.absent",
            "评标端尚未登记公钥，暂不能生成密钥组。",
            "The evaluator process has not put up its key, so no keyset can be made yet.",
            rule=RULE,
        ) from error


def _witness(pinned: Policy, node: str) -> Witness:
    found = pinned.witnesses.get(node)
    if found is None:
        raise _refused(f"{node} is not one of the pinned nodes")
    return found


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise _refused(f"{name} is missing")
    return value


def _base64(text: str) -> bytes:
    try:
        return keys.unb64(text)
    except ValueError as error:
        raise _refused("the signature is not base64") from error


def _refused(why: str) -> Invalid:
    return Invalid(
        "trustee.refused",
        f"监督节点的答复不合协议：{why}",
        f"The node's answer is not what the protocol asks: {why}",
        rule=RULE,
    )
