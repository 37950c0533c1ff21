"""What one open tender does not show: a negotiation, and an objection that suspends and resumes a tender.

They are played by the scenario runner, in installations of their own that are gone afterwards, on one clock that it
moves: the objection's days pass in seconds. Each is rechecked as a stranger would, like the tender before.
"""

from __future__ import annotations

from pathlib import Path

from portal.demo.play import Play
from portal.demo.stage import DemoError
from portal.scenario.play import play as rehearse
from portal.scenario.script import load

FOLDER = Path(__file__).parent / "stories"


def stories() -> list[Path]:
    """The files in their order; anybody can play them again: `kaibiao scenario FILE`."""
    return sorted(FOLDER.glob("*.toml"))


def rehearse_all(play: Play) -> None:
    """Play every story; DemoError with its step when one goes another way."""
    for path in stories():
        scenario = load(path)
        play.stage.say(scenario.title, path.stem)
        played = rehearse(scenario, lambda line: play.stage.tell(f"{line}\n"))
        if played.fault is not None:
            raise DemoError(played.fault)
        play.stage.say(f"核验：{played.claims} 条成立", f"rechecked: {played.claims} claims hold")
