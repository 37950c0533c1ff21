"""The evaluation report and the committee's time, as an honest play has them; lies are made by overriding a step."""

from __future__ import annotations

from typing import Any

from evaluation.report import rules as evaluation_report
from kernel import canonical, keys
from supervision.report_facts import ReportCompleted, ReportProposed, Signature, Silence, TimePlanned
from tests.unit.verifier.public_log import PublicLog, at

TERM = 5
"""Seconds that a practice pack leaves a member before its silence is recorded."""
PLANNED = 1800


class ReportPlay:
    """What a play of a tender does between its sheets and its result."""

    code: str
    now: int
    log: PublicLog
    files: dict[str, bytes]
    experts: Any
    put: Any
    pass_: Any

    def plan_time(self) -> None:
        self.log.append(TimePlanned(lot=self.code, ends_at=at(self.now + PLANNED), at=at(self.now)))

    def sign_report(self) -> None:
        raw = self.report()
        self.log.append(ReportProposed(lot=self.code, report_sha256=canonical.sha(raw), at=at(self.now)))
        self.pass_(TERM)
        signed = [self.report_signature(alias, raw) for alias in self.signing()]
        self.put(
            "report.json",
            {
                "type": "kaibiao-signed-report/1", "lot": self.code, "report": keys.b64(raw), "signatures": signed,
                "silent": self.silent(),
            },
        )  # fmt: skip
        self.log.append(self.completed(raw, signed))

    def report(self) -> bytes:
        members = [evaluation_report.Member(alias, "expert") for alias in self.experts]
        return evaluation_report.report(self.files[f"lots/{self.code}/result.json"], members)

    def signing(self) -> list[str]:
        return [alias for alias in self.experts if alias not in self.silent()]

    def silent(self) -> list[str]:
        """Who neither signs nor says why."""
        return []

    def asked_at(self) -> int:
        return self.now - TERM

    def dissent(self, alias: str) -> str | None:
        """What this member has against the report."""
        return "评分理由不足" if alias == "E2" else None

    def report_signature(self, alias: str, raw: bytes) -> dict[str, str]:
        key, cert = self.experts[alias]
        said = evaluation_report.statement(self.code, canonical.sha(raw), alias, self.dissent(alias))
        return {
            "evaluator": alias, "file": keys.b64(said), "sig": keys.b64(keys.sign(said, key)), "cert": keys.b64(cert),
        }  # fmt: skip

    def completed(self, raw: bytes, signed: list[dict[str, str]]) -> ReportCompleted:
        asked = at(self.asked_at())
        return ReportCompleted(
            lot=self.code, report_sha256=canonical.sha(raw), at=at(self.now),
            result_sha256=canonical.sha(self.files[f"lots/{self.code}/result.json"]),
            signed=tuple(
                Signature(by=row["evaluator"], file_sha256=canonical.sha(keys.unb64(row["file"])), sig=row["sig"])
                for row in signed
            ),
            silent=tuple(Silence(by=alias, asked_at=asked, recorded_at=at(self.now)) for alias in self.silent()),
        )  # fmt: skip
