"""The evaluator's signed requests: what it asks of the portal, and how the portal knows that it asked.

Two headers carry the moment and an Ed25519 signature over canonical {type, method, path, body_sha256, time}.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from kernel import canonical, clock, keys
from kernel.errors import Forbidden, Unauthenticated

TYPE = "kaibiao-evaluator-request/1"
TIME_HEADER = "Kaibiao-Time"
SIGNATURE_HEADER = "Kaibiao-Signature"
FRESH = dt.timedelta(seconds=60)


@dataclass(frozen=True)
class Asked:
    """One request as both sides see it; `path` with its query."""

    method: str
    path: str
    body: bytes = b""

    def statement(self, time: str) -> bytes:
        return canonical.encode(
            {
                "type": TYPE,
                "method": self.method,
                "path": self.path,
                "body_sha256": canonical.sha(self.body),
                "time": time,
            }
        )


def headers(asked: Asked, key: keys.PrivateKey, now: dt.datetime) -> dict[str, str]:
    """What the evaluator sends along."""
    time = clock.rfc3339(now)
    signature = keys.sign(asked.statement(time), key)
    return {TIME_HEADER: time, SIGNATURE_HEADER: keys.b64(signature)}


def check(asked: Asked, sent: Mapping[str, str], key: keys.PublicKey, now: dt.datetime) -> None:
    """Unauthenticated without a signature; Forbidden with a wrong one or one that is more than a minute off."""
    time, signature = sent.get(TIME_HEADER), sent.get(SIGNATURE_HEADER)
    if not time or not signature:
        raise Unauthenticated("evaluator.unsigned", "评审终端的请求须签名", "The evaluator signs its requests")
    try:
        fresh = abs(now - clock.parse_rfc3339(time)) <= FRESH
        good = keys.verified(keys.unb64(signature), asked.statement(time), key)
    except ValueError:
        fresh = good = False
    if not (fresh and good):
        raise Forbidden(
            "evaluator.signature", "评审终端的签名无效或已过期", "The evaluator's signature is wrong or out of date"
        )
