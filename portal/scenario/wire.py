"""The network of a play: every address answers within this process, and who is absent does not answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import httpx

from portal.app import Platform
from supervision import mail
from supervision.node.serve import Desk

PORTAL, INBOX, EVALUATOR = "http://portal.play", "http://inbox.play", "http://evaluator.play"
_MESSAGE = re.compile(r"/inbox/([a-z]+)/([0-9]+)")


def address(node: str) -> str:
    return f"http://{node}.play"


@dataclass(frozen=True)
class Inboxes(httpx.BaseTransport):
    """The nodes' mail as the edge serves it, without waiting."""

    folder: Path

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = _MESSAGE.fullmatch(request.url.path)
        path = mail.path_of(self.folder / found[1], int(found[2])) if found else self.folder / "nothing"
        return httpx.Response(200, content=path.read_bytes()) if path.is_file() else httpx.Response(204)


@dataclass(frozen=True)
class NodeDoor(httpx.BaseTransport):
    """A node's own address; `desk` says None while the node is absent."""

    desk: Callable[[], Desk | None]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        desk = self.desk()
        if desk is None:
            raise httpx.ConnectError("the node is absent", request=request)
        if request.method == "POST":
            reply = desk.post(request.url.path, request.read())
        else:
            reply = desk.get(request.url.path, dict(parse_qsl(request.url.query.decode())))
        return httpx.Response(reply.status, content=reply.body, headers={"content-type": reply.content_type})


def client(app: Platform, folder: Path, doors: Mapping[str, Callable[[], Desk | None]]) -> httpx.Client:
    """Reaches the portal, the inboxes below `folder` and the nodes; nothing else in the world."""
    mounts: dict[str, httpx.BaseTransport] = {PORTAL: httpx.WSGITransport(app=app), INBOX: Inboxes(folder)}
    mounts |= {address(name): NodeDoor(desk) for name, desk in doors.items()}
    return httpx.Client(transport=Nowhere(), mounts=mounts, trust_env=False)


class Nowhere(httpx.BaseTransport):
    """Everything outside of the play."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("there is nothing outside of the play", request=request)
