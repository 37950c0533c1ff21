"""Is it alive, can it work, and how does it fare: /health, /ready, /metrics (loopback only)."""

from __future__ import annotations

import ipaddress
import os
import shutil
from typing import Any

from flask import Blueprint, Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import text

from kernel import clock
from kernel.db import db, own_transaction, transaction
from kernel.errors import Forbidden
from kernel.site import site

LEAST_FREE = 1024**3

pages = Blueprint("health", __name__)
registry = CollectorRegistry()
# No label names a lot or a bidder: whoever reads the metrics must not be able to count bids.
REQUESTS = Counter("kaibiao_requests", "Answered requests", ["method", "status"], registry=registry)
SECONDS = Histogram("kaibiao_request_seconds", "Time to answer", registry=registry)


@pages.get("/health")
@own_transaction
def health() -> Response:
    return jsonify({"alive": True, "pid": os.getpid()})


@pages.get("/ready")
@own_transaction
def ready() -> tuple[Response, int]:
    """Whether the parts a request needs are there; each with its own answer."""
    found = {"database": _database(), "storage": _storage(), "log_key": _log_key()}
    return jsonify({"ready": all(found.values()), "parts": found}), 200 if all(found.values()) else 503


@pages.get("/metrics")
@own_transaction
def metrics() -> Response:
    if not ipaddress.ip_address(request.remote_addr or "192.0.2.0").is_loopback or "X-Forwarded-For" in request.headers:
        raise Forbidden("metrics.local", "监测数据只在本机提供", "metrics are served on this machine only")
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def install(app: Flask) -> None:
    app.register_blueprint(pages)
    app.before_request(_start)
    app.after_request(_count)


def _start() -> None:
    g.started = clock.monotonic()


def _count(response: Response) -> Response:
    REQUESTS.labels(request.method, str(response.status_code)).inc()
    if "started" in g:
        SECONDS.observe(clock.monotonic() - g.started)
    return response


def _database() -> bool:
    try:
        with transaction(write=False):
            answer: Any = db.session.scalar(text("SELECT 1"))
    except Exception:  # noqa: BLE001  any failure at all means: not ready
        return False
    return bool(answer == 1)


def _storage() -> bool:
    return shutil.disk_usage(site().settings.var).free > LEAST_FREE


def _log_key() -> bool:
    return (site().folder("keys") / "log.pem").exists()
