"""The play, scene by scene."""

from __future__ import annotations

from pathlib import Path

from portal.demo import bidders, checking, evaluation, opening, procedures, publishing
from portal.demo.play import Play


def perform(play: Play) -> Path:
    """One tender from notice to a result that a stranger rechecks; the archive."""
    scene = play.stage.scene
    scene("一、招标", "The notice")
    publishing.publish(play)
    before = publishing.views(play)
    scene("二、投标", "Six bidders")
    bidders.bid_all(play)
    publishing.silent(play, before)
    scene("三、开标", "The opening, as the live board tells it")
    opening.open_lot(play)
    scene("四、评标和定标", "Evaluation and award")
    evaluation.evaluate(play)
    evaluation.award(play)
    scene("五、核验", "A stranger rechecks")
    return checking.recheck(play)


def more(play: Play) -> None:
    """Procedures that need other clocks than ours."""
    play.stage.scene("六、谈判和异议", "A negotiation, and an objection that suspends and resumes a tender")
    procedures.rehearse_all(play)
