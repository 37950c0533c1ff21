"""The opening: the box shuts by the clock, a node dies, three go on, prices appear, bidders confirm."""

from __future__ import annotations

from kernel import clock, money
from kernel.clock import rfc3339
from portal.demo import bidders, terms
from portal.demo.people import signed
from portal.demo.play import Play
from portal.demo.stage import hold, pause
from portal.demo.terms import FIRST_PRICE, OFFERS
from portal.demo.watcher import Watcher

KILLED = "notary"
CONFIRMING = (terms.REPLACED, terms.LARGE, terms.BROWSER)
LINES = len(OFFERS) - 1


def open_lot(play: Play) -> None:
    with Watcher(play) as watcher:
        closes_at = play.closes_at()
        at = clock.beijing(closes_at).strftime("%H:%M:%S")
        play.stage.say(f"静候截止时间 {at}", "waiting for the deadline")
        pause((closes_at - clock.wall()).total_seconds())
        bidders.late(play)
        watcher.step("closed")
        play.stage.fleet.kill(f"node-{KILLED}")
        play.stage.say("公证处节点被断电", "the notary's node is killed (SIGKILL); three go on")
        _start(play)
        watcher.step("confirming")
        for login in CONFIRMING:
            play.stage.must("POST", f"lots/{play.lot}/confirmations", None, play.actor(login))
        watcher.step("record")
        _check(play, watcher)
    _restart(play)


def _start(play: Play) -> None:
    """The owner opens the meeting by a signed statement."""
    owner = play.actor("owner")
    said = {"recording": "on", "deposits": "none", "at": rfc3339(clock.wall())}
    statement = signed(owner, {"type": "kaibiao-opening-started/1", "lot": play.lot, **said})
    play.stage.must("POST", f"lots/{play.lot}/opening", statement, owner)
    play.stage.say("招标人签署“开标开始”", "the owner signs that the opening begins")


def _check(play: Play, watcher: Watcher) -> None:
    """What was shown is what was bid: the replacement and not its predecessor, nothing of the withdrawn."""
    shown = {event["bidder"]: event for event in watcher.of("bid.readout")}
    prices = {event["price"] for event in shown.values()}
    live = {offer.price for login, offer in OFFERS.items() if login != terms.WITHDRAWN}
    hold("five bids are read out", holds=len(shown) == LINES == len(watcher.of("bid.readout")))
    hold("the prices read out are those of the live bids", holds=prices == live)
    hold("the replaced bid stays shut", holds=FIRST_PRICE not in prices)
    hold("the withdrawn bid stays shut", holds=play.actor(terms.WITHDRAWN).name not in shown)
    for event in shown.values():
        right = money.words(money.parse(event["price"]))
        hold("the amounts in words are right", holds=event["price_words"] == right)
    released = {event["node"] for event in watcher.of("node.released")}
    hold("three nodes gave their shares, the dead one none", holds=len(released) == 3 and KILLED not in released)
    hold("three lines are confirmed", holds=len(watcher.of("bid.confirmed")) == len(CONFIRMING))
    watcher.whole()


def _restart(play: Play) -> None:
    fleet = play.stage.fleet
    part = fleet.part(f"node-{KILLED}")
    fleet.start(part)
    fleet.wait(part)
    play.stage.say("公证处节点恢复供电，自行补课", "the notary's node is back and catches up")
