"""The bidders: each seals on its own computer and sends the finished files, all at the same time, each with its own trouble."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from kernel import clock
from kernel.canonical import sha
from kernel.clock import rfc3339
from portal.demo import browser, terms
from portal.demo.play import Play
from portal.demo.stage import DemoError, hold, megabytes, pause
from portal.demo.terms import OFFERS

AT_ONCE = 3
LATE_CODE = "bid.late"


def bid_all(play: Play) -> None:
    """All six bid; while bids are still on their way shortly before the deadline, the owner moves it."""
    _terms_of_the_lot(play)
    acts: list[Callable[[Play], None]] = [large, by_browser, interrupted, replaced, withdrawn, consortium]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(act, play) for act in acts]
        try:
            while not all(future.done() for future in running):
                _stop_at_failure(running)
                _extend_if_needed(play)
                pause(0.3)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    _stop_at_failure(running)


def _stop_at_failure(running: list[Future[None]]) -> None:
    for future in running:
        if future.done():
            future.result()


def _extend_if_needed(play: Play) -> None:
    closes_at = play.closes_at()
    if (closes_at - clock.wall()).total_seconds() > terms.SPARE_S:
        return
    later = closes_at + dt.timedelta(seconds=terms.EXTENDED_BY_S)
    owner = play.actor("owner")
    words = ("tender", "extend", "--url", play.stage.url, "--key", str(owner.key), play.lot, rfc3339(later))
    play.stage.cli(owner, *words)
    play.stage.say("招标人把截止时间顺延 20 秒", "the owner moves the deadline; sealed bids stay valid")


def _terms_of_the_lot(play: Play) -> None:
    """Keyset and policy, as any bidder downloads them."""
    stage = play.stage
    keyset = stage.http("GET", f"{stage.url}/api/v1/lots/{play.lot}/keyset").content
    hold("the keyset is the one that the notice names", holds=sha(keyset) == play.state()["keyset_sha256"])
    (play.folder / "keyset.json").write_bytes(keyset)
    (play.folder / "policy.txt").write_bytes(stage.http("GET", f"{stage.url}/log/policy").content)


def seal(play: Play, login: str, out: Path, *extra: str, price: str | None = None) -> str:
    """`kaibiao seal`; the manifest's hash."""
    offer, actor = OFFERS[login], play.actor(login)
    files = [str(path) for path in play.papers.bids[login]]
    lot = ("--keyset", str(play.folder / "keyset.json"), "--policy", str(play.folder / "policy.txt"))
    sheet = ("--price", price or offer.price, "--period-days", str(offer.days), "--quality", "合格")
    leader = ("--project-leader", offer.leader, "--key", str(actor.key), "-o", str(out))
    play.stage.cli(actor, "seal", *files, *lot, *sheet, *leader, *extra)
    return sha((out / "manifest.json").read_bytes())


def send(play: Play, login: str, sealed: Path, *extra: str) -> dict[str, Any]:
    """`kaibiao bid`, until the receipt is witnessed."""
    play.stage.cli(play.actor(login), *_bid(play, sealed), *extra)
    receipt: dict[str, Any] = json.loads((sealed / "receipt.json").read_text("utf-8"))
    hold(f"the receipt of {login} is witnessed", holds=receipt["state"] == "witnessed" and receipt["proof"])
    acks = len(receipt["acks"])
    hold(f"three nodes acknowledged the bid of {login}", holds=acks >= 3)
    return receipt


def _bid(play: Play, sealed: Path) -> tuple[str, ...]:
    return ("bid", "--url", play.stage.url, "--lot", play.lot, "--dir", str(sealed))


def replaced(play: Play) -> None:
    """A first bid, and a second one that names it: only the second will open."""
    login, folder = terms.REPLACED, play.actor(terms.REPLACED).folder
    first = seal(play, login, folder / "sealed-1", price=terms.FIRST_PRICE)
    send(play, login, folder / "sealed-1")
    play.stage.say("宏图建设递标，回执已见证", "Hongtu hands in, receipt witnessed", _size(play, login))
    play.bids[login] = seal(play, login, folder / "sealed-2", "--prev", first)
    send(play, login, folder / "sealed-2")
    play.stage.say("宏图建设改价重封，替换前一份", "Hongtu replaces its bid with a better price")


def large(play: Play) -> None:
    login = terms.LARGE
    sealed = play.actor(login).folder / "sealed"
    play.bids[login] = seal(play, login, sealed)
    play.stage.say("南山路桥封好最大的一份", "Nanshan has sealed the largest bid", _size(play, login))
    send(play, login, sealed)
    play.stage.say("南山路桥经命令行递标，回执已见证", "Nanshan hands it in by CLI, receipt witnessed")


def by_browser(play: Play) -> None:
    """Sign in, fill the form, seal in the page, upload, keep the receipt: in real Chromium."""
    login = terms.BROWSER
    play.bids[login] = browser.bid(play)
    play.stage.say("水电工程在浏览器里封标递标", "Shuidian seals and bids in Chromium", _size(play, login))


def consortium(play: Play) -> None:
    login = terms.LEAD
    sealed = play.actor(login).folder / "sealed"
    play.bids[login] = seal(play, login, sealed, "--bidder-name", "北辰—松城联合体")
    send(play, login, sealed, "--party", play.party)
    play.stage.say("北辰—松城联合体递标", "the consortium of two hands in", _size(play, login))


def interrupted(play: Play) -> None:
    """The uploader dies by SIGKILL half-way; the same command goes on where the platform's bytes end."""
    login = terms.INTERRUPTED
    actor = play.actor(login)
    sealed, log = actor.folder / "sealed", actor.folder / "upload.log"
    play.bids[login] = seal(play, login, sealed)
    with play.stage.spawned(actor, _bid(play, sealed), log) as process:
        _wait_half_way(process, log)
        process.send_signal(signal.SIGKILL)
    kept = _arrived(play, sealed)
    whole = (sealed / "docs.age").stat().st_size
    hold(f"the uploader was killed half-way: {kept} of {whole} bytes", holds=0 < kept < whole)
    play.stage.say("东岭养护的上传程序被杀死", "Dongling's uploader is killed (SIGKILL)", megabytes(kept))
    send(play, login, sealed)
    play.stage.say("东岭养护断点续传，回执已见证", "Dongling resumes, receipt witnessed", _size(play, login))


def _wait_half_way(process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        lines = log.read_bytes().replace(b"\r", b"\n").splitlines()
        docs = [line.split()[1] for line in lines if line.startswith(b"docs.age")]
        if docs and int(docs[-1]) >= 20:
            return
        pause(0.01)
    raise DemoError(f"the uploader ended by itself: see {log}")


def _arrived(play: Play, sealed: Path) -> int:
    """How many bytes of the documents the platform holds, as tus says once it has noticed that the sender is gone."""
    state = json.loads((sealed / "delivery.json").read_text("utf-8"))
    token = play.actor(terms.INTERRUPTED).token
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}

    def offset() -> int:
        answer = httpx.head(state["uploads"]["docs"], headers=headers, timeout=30, trust_env=False)
        return int(answer.headers.get("Upload-Offset", "0"))

    return int(play.stage.until("the platform tells how much of the upload it holds", offset, 30))


def withdrawn(play: Play) -> None:
    """Hands in and withdraws; seals another bid that it will send too late."""
    login = terms.WITHDRAWN
    actor = play.actor(login)
    seal(play, login, actor.folder / "sealed-1")
    send(play, login, actor.folder / "sealed-1")
    play.stage.say("西河交通递标", "Xihe hands in", _size(play, login))
    words = ("withdraw", "--url", play.stage.url, "--lot", play.lot, "--key", str(actor.key))
    play.stage.cli(actor, *words, "--dir", str(actor.folder / "sealed-1"))
    play.stage.say("西河交通撤回投标", "Xihe withdraws")
    seal(play, login, actor.folder / "sealed-2")


def late(play: Play) -> None:
    """After the deadline: refused, with a code and the article it rests on."""
    actor = play.actor(terms.WITHDRAWN)
    done = play.stage.cli(actor, *_bid(play, actor.folder / "sealed-2"), check=False)
    said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
    hold(f"the late bid is refused as late, with its rule: {said}", holds=done.returncode == 1)
    hold(f"the refusal carries code and rule: {said}", holds=LATE_CODE in said and "《" in said)
    rule = said[said.rindex("[") + 1 : said.rindex("]")]
    play.stage.say("西河交通迟到，依法拒收", "Xihe is late and refused", f"{LATE_CODE} {rule}")


def _size(play: Play, login: str) -> str:
    return megabytes(sum(path.stat().st_size for path in play.papers.bids[login]))
