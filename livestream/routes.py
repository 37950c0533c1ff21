"""The live board for programs: every public event of a lot, and the board they add up to."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from livestream import hall
from livestream.schemas import BoardOut

bp = Blueprint("livestream_api", __name__, url_prefix="/api/v1", description="The opening, live")


@bp.route("/lots/<lot>/board")
class LotBoard(MethodView):
    @bp.response(200, BoardOut)
    def get(self, lot: str) -> dict[str, Any]:
        """The opening as everybody sees it now; events follow at the edge, `/live/<lot>/events`."""
        found = hall.of_lot(lot)
        board = found.board
        return {
            "lot": lot,
            "phase": found.phase,
            "last": board.last,
            "step": board.step,
            "nodes": found.trustees,
            "unsealed": board.unsealed,
            "of": board.of,
            "lines": [board.lines[number] for number in sorted(board.lines)],
            "record_sha256": found.record_sha256,
        }
