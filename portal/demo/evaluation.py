"""The evaluation: five experts admit and open the documents, score, sign; result, publicity, award."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kernel import clock
from kernel.canonical import sha
from kernel.clock import parse_rfc3339
from portal.demo import terms
from portal.demo.people import EXPERTISE, EXPERTS
from portal.demo.play import Play
from portal.demo.stage import Actor, grouped, hold, pause


def evaluate(play: Play) -> None:
    experts = [play.actor(role.login) for role in EXPERTS]
    stage = play.stage
    _draw(play, len(experts))
    with ThreadPoolExecutor(len(experts)) as pool:
        list(pool.map(lambda expert: _admit(play, expert), experts))
        stage.say("五名评委声明无利害关系并签署启封", "no conflicts declared; documents admitted")
        stage.until("the documents are open in the experts' room", lambda: _opened(play, experts[0]), 90)
        stage.say("评标室里技术文件已启封", "documents open in the evaluation room only")
        _read(play, experts[0])
        names = {bid["bid_id"]: bid["bidder"] for bid in _room(play, experts[0])["bids"]}
        list(pool.map(lambda number: _score(play, experts[number], number + 1), range(len(experts))))
        stage.say("五份评分表已签署", "five score sheets signed")
        stage.until("the evaluation report lies before the members", lambda: _proposed(play, experts[0]), 30)
        list(pool.map(lambda expert: _report(play, expert), experts))
    stage.say("五名评委签署评标报告", "all five sign the evaluation report")
    _result(play, names)


def award(play: Play) -> None:
    """Publicity for its practice seconds, then the award to the first candidate."""
    stage, owner = play.stage, play.actor("owner")
    stage.must("POST", f"lots/{play.lot}/publicity", {}, owner)
    lot = play.state()
    first = lot["candidates"][0]
    stage.say("中标候选人公示", "candidates on public view", first["bidder"])
    pause((parse_rfc3339(lot["publicity_until"]) - clock.wall()).total_seconds() + 0.5)
    words = ("--url", stage.url, "--lot", play.lot, "--key", str(owner.key), "--bid", first["bid_id"])
    stage.cli(owner, "award", *words)
    hold("the lot is awarded", holds=play.state()["state"] == "awarded")
    stage.say(f"定标：{first['bidder']}", f"awarded at {grouped(first['price'])} 元")


def _draw(play: Play, seats: int) -> None:
    """The centre fixes the list, the log draws; in this county the pool is just as large as a committee."""
    stage, path = play.stage, f"lots/{play.lot}/committee/draw"
    stage.must("POST", path, {"fields": [EXPERTISE["field"]], "seats": seats}, play.actor("centre"))
    stage.say("合格专家名单写入日志", "the list of all eligible experts stands in the log, without a name")

    def drawn() -> Any:
        found = stage.must("GET", path, None)
        return found if found["state"] == "drawn" else None

    found = stage.until("the log has drawn the experts", drawn)
    hold("all seats are taken by the drawn", holds=sum(row["standing"] == "seated" for row in found["order"]) == seats)
    stage.say(
        "日志抽取五名评标专家", "the next cosigned checkpoint draws the committee", found["lists"][0]["seed"][:16]
    )


def _admit(play: Play, expert: Actor) -> None:
    words = ("--url", play.stage.url, "--lot", play.lot, "--key", str(expert.key), "--no-conflict")
    play.stage.cli(expert, "admit", *words)


def _room(play: Play, expert: Actor) -> dict[str, Any]:
    found: dict[str, Any] = play.stage.must("GET", f"lots/{play.lot}/room", None, expert)
    return found


def _opened(play: Play, expert: Actor) -> bool:
    answer = play.stage.call("GET", f"lots/{play.lot}/room", None, expert)
    return answer.status == 200 and all(bid["files"] for bid in answer.body["bids"])


def _read(play: Play, expert: Actor) -> None:
    """What an expert sees in the room is, to the byte, what the bidder sealed."""
    bids = {bid["bidder"]: bid for bid in _room(play, expert)["bids"]}
    for login in (terms.LARGE, terms.BROWSER):
        bid, own = bids[play.actor(login).name], play.papers.bids[login][0]
        ticket = {"bid_id": bid["bid_id"], "path": own.name}
        url = play.stage.must("POST", f"lots/{play.lot}/tickets", ticket, expert)["url"]
        seen = play.stage.http("GET", url)
        hold(f"the room shows {own.name} of {login}", holds=seen.status_code == 200)
        hold(f"{own.name} of {login} is unchanged", holds=sha(seen.content) == sha(own.read_bytes()))


def _score(play: Play, expert: Actor, number: int) -> None:
    bids = {
        bid["bid_id"]: {
            "conforms": True,
            "ground": None,
            "scores": terms.scores(_login(play, bid["bidder"]), number),
            "notes": {},
        }
        for bid in _room(play, expert)["bids"]
    }
    path = expert.folder / "sheet.json"
    path.write_text(json.dumps({"bids": bids}, ensure_ascii=False, indent=1), "utf-8")
    words = ("--url", play.stage.url, "--lot", play.lot, "--key", str(expert.key), "--sheet", str(path))
    play.stage.cli(expert, "score", *words)


def _proposed(play: Play, expert: Actor) -> bool:
    return bool(play.stage.call("GET", f"lots/{play.lot}/report", None, expert).status == 200)


def _report(play: Play, expert: Actor) -> None:
    words = ("--url", play.stage.url, "--lot", play.lot, "--key", str(expert.key))
    play.stage.cli(expert, "report", *words)


def _login(play: Play, bidder: str) -> str:
    """Whose bid it is: the consortium bids under its own name."""
    named = {play.actor(login).name: login for login in terms.OFFERS}
    return named.get(bidder, terms.LEAD)


def _result(play: Play, names: dict[str, str]) -> None:
    stage = play.stage

    def published() -> Any:
        answer = stage.call("GET", f"lots/{play.lot}/result")
        return answer.body if answer.status == 200 else None

    result = stage.until("the result is published", published)
    hold("all five bids are ranked", holds=len(result["ranking"]) == len(terms.OFFERS) - 1)
    for row in result["ranking"][:3]:
        said = f"{row['total']} 分  {grouped(row['price'])} 元"
        stage.say(f"第 {row['rank']} 名 {names[row['bid_id']]}", said)
