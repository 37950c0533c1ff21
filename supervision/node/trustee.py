"""The node as a trustee before the close: fresh stage identities, the keyset it signs, the manifests it acknowledges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.statements import Signed
from sealing import age, receipts, submission, wire
from sealing.keyset import MAX_STAGES, Keyset, trustee_statement
from sealing.manifest import Manifest
from sealing.receipts import Ack, Refusal
from supervision.deadline import Authority, Deadline, Terms
from supervision.node.alerts import Alerts, Finding
from supervision.node.card import NodeKeys
from supervision.node.clock import NodeClock
from supervision.node.lots import Lots
from supervision.node.outgoing import Outgoing
from supervision.node.state import State
from supervision.policy import Policy

ACK, REFUSAL = "ack", "refusal"


class Later(Exception):  # noqa: N818  not an error: the log has not told us yet
    """What the message rests on is not in the mirror yet: take it up again."""


class MailError(ValueError):
    """The message asks for something that this node does not do."""


@dataclass(frozen=True)
class Trustee:
    state: State
    policy: Policy
    keys: NodeKeys
    clock: NodeClock
    lots: Lots
    alerts: Alerts
    outgoing: Outgoing
    me: str

    @property
    def i(self) -> int:
        """This node's share index: its place in the policy, from 1."""
        return list(self.policy.witnesses).index(self.me) + 1

    def enter(self, body: Mapping[str, Any]) -> None:
        """`trustee.request`: a fresh identity for each stage of this lot and version, kept before it is announced."""
        lot, version, stages = _request(body)
        with self.state.transaction():
            entries = [self._entry(lot, stage, version) for stage in stages]
            answer = {"lot": lot, "version": version, "entries": entries}
            self.outgoing.put(f"entries/{lot}/{version}/{','.join(stages)}", "trustee.entries", answer)

    def sign_keyset(self, body: Mapping[str, Any]) -> None:
        """`keyset.sign`: only the supervising authority's node is named to; checked whole, signed once for each version."""
        raw = _file(body, "file")
        keyset = Keyset.parse(raw)
        obstacles = self._keyset_obstacles(keyset, body)
        if obstacles:
            evidence = {"lot": keyset.lot, "keyset_sha256": canonical.sha(raw), "obstacles": obstacles}
            self.alerts.add(Finding("keyset.refused", "yellow", "content", evidence, keyset.lot))
            raise MailError("; ".join(obstacles))
        with self.state.transaction():
            self.state.pin(f"keyset/{keyset.lot}/{keyset.version}", canonical.sha(raw))
            sig = keys.b64(keys.sign(raw, self.keys.witness.private))
            answer = {"lot": keyset.lot, "version": keyset.version, "sig": sig}
            self.outgoing.put(f"keyset/{canonical.sha(raw)}", "keyset.signature", answer)

    def acknowledge(self, body: Mapping[str, Any]) -> None:
        """`manifest`: a signed ack, or a refusal that says why; the same manifest gets the same answer for ever.

        Later while the log has not shown the keyset; ClockError while the clock is not to be trusted.
        """
        raw = _file(body, "manifest")
        manifest, digest = Manifest.parse(raw), canonical.sha(raw)
        if self._promised(manifest.lot, digest):
            return
        view = self.lots.view(manifest.lot)
        if view.terms is None or view.deadline is None:
            raise Later(f"no keyset and timetable of {manifest.lot} are cosigned yet")
        known = {terms.sha256 for terms in (*view.course.earlier, view.terms)}
        if manifest.keyset_sha256 not in known and self._expects_later(view.terms):
            raise Later(f"the changed terms of {manifest.lot} are not cosigned yet")
        now = self.clock.now()
        reason = self._objection(manifest, view.terms, view.deadline, now)
        first = manifest.envelopes[0].stage if manifest.envelopes else view.terms.keyset.stages[0].name
        said = Refusal(digest, self.i, first, reason, rfc3339(now)) if reason else None
        self._promise(manifest, raw, said or self._checked(raw, manifest, view.terms, now))

    def secrets(self, terms: Terms) -> dict[str, bytes]:
        """This node's identities of every stage of the keyset; KeyError if one was destroyed or never made."""
        keyset = terms.keyset
        found = {stage.name: self._secret(keyset.lot, stage.name, keyset.version) for stage in keyset.stages}
        if any(secret is None for secret in found.values()):
            raise KeyError("a stage identity is gone")
        return {stage: secret for stage, secret in found.items() if secret is not None}

    def identity(self, terms: Terms, stage: str) -> bytes:
        """This node's identity of one stage, whatever became of the others; KeyError if it was destroyed or never made."""
        secret = self._secret(terms.keyset.lot, stage, terms.keyset.version)
        if secret is None:
            raise KeyError(f"the identity of {stage} is gone")
        return secret

    def acknowledged(self, lot: str) -> list[str]:
        """The manifests of the lot that this node acknowledged."""
        sql = "SELECT manifest_sha256 FROM promise WHERE lot = ? AND what = ? ORDER BY manifest_sha256"
        return [row[0] for row in self.state.rows(sql, lot, ACK)]

    def destroy(self, terms: Terms, stage: str) -> None:
        """Forget a stage identity for ever, in the caller's transaction: what it did not open stays shut."""
        sql = "UPDATE stage_key SET secret = NULL WHERE lot = ? AND stage = ? AND version = ?"
        self.state.change(sql, terms.keyset.lot, stage, terms.keyset.version)

    def _entry(self, lot: str, stage: str, version: int) -> dict[str, str]:
        secret, recipient = age.generate()
        sql = "INSERT INTO stage_key VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        self.state.change(sql, lot, stage, version, secret, recipient)
        statement = trustee_statement(
            lot=lot,
            stage=stage,
            version=version,
            i=self.i,
            org=self.policy.witnesses[self.me].org or self.me,
            recipient=self._recipient(lot, stage, version) or recipient,
            sign_key=self.keys.sign_key,
        )
        sig = keys.sign(statement, self.keys.witness.private)
        return {"stage": stage, "file": keys.b64(statement), "sig": keys.b64(sig)}

    def _keyset_obstacles(self, keyset: Keyset, body: Mapping[str, Any]) -> list[str]:
        found = keyset.check(Authority(self.policy).trustees)
        if (keyset.lot, keyset.version) != (body.get("lot"), body.get("version")):
            found.append("the message names another lot or version")
        terms = self.lots.view(keyset.lot).terms
        if terms is not None and keyset.fact_keys.owner != terms.keyset.fact_keys.owner:
            found.append("the owner's key is not the one of the terms in force")
        if keyset.fact_keys.supervisor != self.keys.sign_key:
            found.append("this node is not the supervising authority's")
        for stage in keyset.stages:
            own = [entry.recipient for entry in stage.trustees if entry.sign_key == self.keys.sign_key]
            if own != [self._recipient(keyset.lot, stage.name, keyset.version)]:
                found.append(f"{stage.name}: this node's own entry is not the one it made")
        return found

    def _expects_later(self, terms: Terms) -> bool:
        """Whether this node made keys for a later version than the one in force: its keyset may be on its way."""
        sql = "SELECT max(version) FROM stage_key WHERE lot = ?"
        found = self.state.row(sql, terms.keyset.lot)
        return found is not None and found[0] is not None and found[0] > terms.keyset.version

    def _objection(self, manifest: Manifest, terms: Terms, deadline: Deadline, now: dt.datetime) -> str | None:
        """Why this manifest is refused without looking into its lines."""
        if not deadline.suspended and now.timestamp() > deadline.closes_at + terms.keyset.cut_grace:
            return "the deadline has passed on this node's clock"
        if manifest.keyset_sha256 != terms.sha256:
            return "the manifest names another keyset than the one in force"
        if [envelope.stage for envelope in manifest.envelopes] != [stage.name for stage in terms.keyset.stages]:
            return "the envelopes are not the stages of the keyset"
        if any(self._seen_elsewhere(mark, canonical.sha(manifest.encode())) for mark in submission.marks(manifest)):
            return "an id, recipient or ciphertext of it stands in another bid"
        faults = [
            fault
            for envelope in manifest.envelopes
            for fault in submission.envelope_faults(manifest, envelope, terms.keyset.stage(envelope.stage))
        ]
        return faults[0].en if faults else None

    def _checked(self, raw: bytes, manifest: Manifest, terms: Terms, now: dt.datetime) -> Ack | Refusal:
        try:
            return receipts.trustee_check(raw, terms.keyset, self.i, self.secrets(terms), rfc3339(now))
        except KeyError as error:
            stage = manifest.envelopes[0].stage
            return Refusal(canonical.sha(raw), self.i, stage, f"this node cannot check: {error}", rfc3339(now))

    def _promise(self, manifest: Manifest, raw: bytes, said: Ack | Refusal) -> None:
        """Keep the word before giving it: at the close the roll is measured against these rows."""
        what = ACK if isinstance(said, Ack) else REFUSAL
        statement, digest = Signed.make(said.content(), self.keys.witness.private), canonical.sha(raw)
        with self.state.transaction():
            content = canonical.encode(statement.to_json())
            sql = "INSERT INTO promise VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            self.state.change(sql, manifest.lot, digest, what, content)
            if what == ACK:
                rows = [(mark, digest) for mark in sorted(submission.marks(manifest))]
                self.state.change_many("INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING", rows)
            self.outgoing.put(f"{what}/{manifest.lot}/{digest}", what, statement.to_json())

    def _promised(self, lot: str, digest: str) -> bool:
        sql = "SELECT 1 FROM promise WHERE lot = ? AND manifest_sha256 = ?"
        return self.state.row(sql, lot, digest) is not None

    def _seen_elsewhere(self, mark: str, digest: str) -> bool:
        sql = "SELECT 1 FROM seen WHERE value = ? AND manifest_sha256 <> ?"
        return self.state.row(sql, mark, digest) is not None

    def _recipient(self, lot: str, stage: str, version: int) -> str | None:
        sql = "SELECT recipient FROM stage_key WHERE lot = ? AND stage = ? AND version = ?"
        found = self.state.row(sql, lot, stage, version)
        return None if found is None else str(found[0])

    def _secret(self, lot: str, stage: str, version: int) -> bytes | None:
        sql = "SELECT secret FROM stage_key WHERE lot = ? AND stage = ? AND version = ?"
        found = self.state.row(sql, lot, stage, version)
        return None if found is None else found[0]


def _request(body: Mapping[str, Any]) -> tuple[str, int, list[str]]:
    match body:
        case {"lot": str(lot), "version": int(version), "stages": list(stages)} if 0 < len(stages) <= MAX_STAGES:
            if wire.LOT.fullmatch(lot) and version > 0 and all(_is_stage(stage) for stage in stages):
                return lot, version, stages
    raise MailError("a request names lot, version and stages")


def _is_stage(value: object) -> bool:
    return isinstance(value, str) and wire.STAGE.fullmatch(value) is not None


def _file(body: Mapping[str, Any], name: str) -> bytes:
    value = body.get(name)
    if not isinstance(value, str):
        raise MailError(f"the message has no {name}")
    return keys.unb64(value)
