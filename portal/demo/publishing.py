"""The notice: drafted, its documents uploaded, keys asked of the nodes, signed and published; and what nobody may see after."""

from __future__ import annotations

import datetime as dt
import json
import re

from kernel import clock
from kernel.canonical import sha
from portal.demo import terms
from portal.demo.play import Play
from portal.demo.stage import Actor, hold, megabytes

VOLATILE = re.compile(
    r'"(now|server_time|checkpoint|size)":"?[^,"}]*"?'
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"
    r"|(\d\d-\d\d )?\d\d:\d\d:\d\d( 时间表 #\d+)?"
    r"|\d+ 秒前"
)
"""What the clock changes (the age of the last checkpoint too), and the lines that tell of a deadline moved."""
TAG = re.compile(r"<(script|style)[^>]*>.*?</\1>|<[^>]*>", re.DOTALL)
MOVED = re.compile(
    r"<details><summary>(全部法定期限|Every period of the law).*?</details>"
    r'|<section id="amendments".*?</section>',
    re.DOTALL,
)
"""What tells of a deadline that moved in the meantime: the table of the law's periods in another order, the change itself."""


def publish(play: Play) -> None:
    stage, owner = play.stage, play.actor("owner")
    draft = play.folder / "draft.json"
    closes_at = clock.wall().replace(microsecond=0) + dt.timedelta(seconds=terms.CLOSES_AFTER_S)
    draft.write_text(json.dumps(terms.notice(closes_at), ensure_ascii=False, indent=1), "utf-8")
    url = ("--url", stage.url)
    play.tender = stage.cli(owner, "tender", "create", *url, str(draft)).stdout.strip()
    play.lot = f"{play.tender}001"
    stage.say("招标人起草招标公告", "the owner drafts the notice", play.tender)
    stage.cli(owner, "tender", "document", *url, play.tender, *map(str, play.papers.tender))
    pages = sum(play.papers.pages)
    size = megabytes(sum(path.stat().st_size for path in play.papers.tender))
    stage.say(f"上传招标文件 {len(play.papers.tender)} 份 {pages} 页", "tender documents uploaded", size)
    stage.cli(owner, "tender", "file", *url, play.tender)
    stage.say("招标计划一次送各部门备案", "the plan is filed with every department at once")
    stage.cli(owner, "tender", "keys", *url, "--key", str(owner.key), play.tender)
    stage.say("四个监督节点各出密钥，监督部门签字", "four nodes gave keys, the supervisor signed")
    stage.cli(owner, "tender", "publish", *url, "--key", str(owner.key), play.tender)
    lot = play.state()
    hold("the lot collects bids", holds=lot["state"] == "collecting")
    _documents_come_back(play)
    stage.say("公告发布，密钥组哈希已公示", "published; keyset hash", lot["keyset_sha256"][:16])


def _documents_come_back(play: Play) -> None:
    """A stranger downloads exactly what was uploaded."""
    for path in play.papers.tender:
        raw = path.read_bytes()
        found = play.stage.http("GET", f"{play.stage.url}/tenders/{play.tender}/documents/{sha(raw)}")
        hold(f"{path.name} comes back unchanged", holds=found.status_code == 200 and found.content == raw)


def views(play: Play) -> dict[str, str]:
    """All that a stranger and the owner may see of the lot before the opening, without what the clock changes."""
    found = {}
    owner = play.actor("owner")
    for who in (None, owner):
        for path in _addresses(play, who):
            name = f"{who.login if who else 'stranger'} {path}"
            found[name] = _still(play.stage.http("GET", play.stage.url + path, who).text)
    return found


def silent(play: Play, before: dict[str, str]) -> None:
    """With all bids in the box every page and every JSON reads as it did with none."""
    after = views(play)
    names = [play.actor(login).name for login in terms.OFFERS]
    for where, text in after.items():
        hold(f"no bidder is named: {where}", holds=not any(name in text for name in names))
        changed = _changed(before[where], text)
        hold(f"nothing tells how many bids there are: {where}: {changed}", holds=not changed)
    play.stage.say("开标前无人知道有几份投标", f"{len(after)} views unchanged by the bids: no count, no name")


def _changed(before: str, after: str) -> str:
    """The first difference, with what stands around it."""
    if before == after:
        return ""
    at = next((n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(before))
    return f"{before[max(at - 30, 0) : at + 60]!r} became {after[max(at - 30, 0) : at + 60]!r}"


def _addresses(play: Play, who: Actor | None) -> list[str]:
    lot, tender = f"/api/v1/lots/{play.lot}", f"/api/v1/tenders/{play.tender}"
    open_to_all = [
        lot,
        f"{lot}/opening",
        f"{lot}/board",
        tender,
        f"/tenders/{play.tender}",
        f"/lots/{play.lot}/opening",
    ]
    return open_to_all if who is None else [*open_to_all, "/owner", f"/owner/tenders/{play.tender}"]


def _still(text: str) -> str:
    """A page's words, or a JSON, without moments, what the law counts from them, and the log's size."""
    return re.sub(r"\s+", " ", VOLATILE.sub("", re.sub(r"\s+", " ", TAG.sub(" ", MOVED.sub(" ", text)))))
