"""The opening: the box shuts by the clock, a node dies, three go on, prices appear, bidders confirm."""

from __future__ import annotations

from kernel import clock, keys, money
from kernel.clock import rfc3339
from portal.demo import bidders, terms
from portal.demo.people import key_of, signed
from portal.demo.play import Play
from portal.demo.stage import DemoError, hold, pause
from portal.demo.terms import FIRST_PRICE, OFFERS
from portal.demo.watcher import Watcher

KILLED = "notary"
PATIENCE_S = 20
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
    _sign_record(play)
    _restart(play)


def _start(play: Play) -> None:
    """The owner opens the meeting by a signed statement."""
    owner = play.actor("owner")
    said = {"recording": "on", "deposits": "none", "at": rfc3339(clock.wall())}
    statement = signed(owner, {"type": "kaibiao-opening-started/1", "lot": play.lot, **said})
    play.stage.must("POST", f"lots/{play.lot}/opening", statement, owner)
    play.stage.say("招标人签署“开标开始”", "the owner signs that the opening begins")


def _sign_record(play: Play) -> None:
    """The owner signs the published bytes through the API; the supervising node compares them with the log and signs, too."""
    owner = play.actor("owner")
    raw, key = _record(play), key_of(owner)
    body = {"sig": keys.b64(keys.sign(raw, key.key)), "cert": keys.b64(key.cert_chain[0])}
    play.stage.must("POST", f"lots/{play.lot}/opening/record/signatures", body, owner)
    play.stage.say("招标人签署开标记录，监督节点核对后会签", "the owner signs the record; the supervising node, too")


def _record(play: Play) -> bytes:
    """The record's exact bytes, once the worker has published them."""
    for _ in range(PATIENCE_S * 5):
        answer = play.stage.http("GET", f"{play.stage.url}/public/lots/{play.lot}/record.json")
        if answer.status_code == 200:
            return answer.content
        pause(0.2)
    raise DemoError("the opening record was not published")


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
