"""The recorders' JSON API: what was recorded, that it runs, and why something is missing; everybody may read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts.access import current_actor, current_actor_or_none
from kernel import clock
from livestream.recording import reading, schemas, service
from tendering import visibility
from tendering.lifecycle import lot_of

bp = Blueprint("recordings_api", __name__, url_prefix="/api/v1", description="Recordings of opening and evaluation")

Body = dict[str, Any]


@bp.route("/lots/<code>/recordings")
class Recordings(MethodView):
    @bp.response(200, schemas.RecordingsOut)
    def get(self, code: str) -> Body:
        """Segments by hash, and gaps with their reasons."""
        lot = lot_of(code)
        visibility.check_seen(lot.tender, current_actor_or_none())
        found = reading.of_lot(lot, clock.now())
        return {
            "lot": code,
            "required": reading.rule_of(lot) is not None,
            "bound_s": int(reading.bound().total_seconds()),
            "windows": found.windows,
            "segments": found.segments,
            "gaps": [{**asdict(gap), "reason": found.reason_of(gap)} for gap in found.gaps],
            "silent": [{**asdict(gap), "reason": None} for gap in found.silent],
        }

    @bp.arguments(schemas.ReportIn)
    @bp.response(201, schemas.TakenOut)
    def post(self, body: Body, code: str) -> Body:
        """Report segments, as a recorder of the centre (TECH or OPS). Repeated, it changes nothing."""
        taken = service.report(current_actor(), code, schemas.place(body), body["segments"], clock.now())
        return {"taken": taken}


@bp.route("/lots/<code>/recordings/running")
class Running(MethodView):
    @bp.arguments(schemas.BeatIn)
    @bp.response(204)
    def post(self, body: Body, code: str) -> None:
        """Say that the recorder runs (TECH or OPS): without a word its silence is an alert."""
        service.beat(current_actor(), code, schemas.place(body), body["camera"], clock.now())


@bp.route("/lots/<code>/recordings/missing")
class Missing(MethodView):
    @bp.arguments(schemas.MissingIn)
    @bp.response(204)
    def post(self, body: Body, code: str) -> None:
        """Say why a gap is there, as the centre (OPS); everybody reads it."""
        service.state_missing(current_actor(), code, schemas.gap(body), body["reason"], clock.now())
