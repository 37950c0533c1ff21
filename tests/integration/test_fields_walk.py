"""Every role x state x field: what people of each role find behind all doors of a tender is what the tables of `portal.fields` say.

Each secret is a text found nowhere else. A walk knocks at every reading door as everybody and keeps what it was answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import test_walk_negotiation
import test_walk_offers
import test_walk_prequal
from portal_doors import EDGE_ONLY, Doorway, Street, doorways
from portal_stage import PortalStage, staged
from tendering_stage import seconds

from accounts.roles import Role
from bidding.visibility import Phase
from kernel import keys
from kernel.statements import Signed
from kernel.visibility import Row, Table
from oversight import directives, making
from oversight import service as oversight
from oversight.directive_visibility import Stage as Ordered
from oversight.rules import Effect, Matter, State
from portal.fields import TABLES
from tendering import documents, service
from tendering.approvals import Act
from tendering.codes import Trade
from tendering.filing import departments
from tendering.filing.visibility import Stage as Filed
from tendering.objections import service as objections
from tendering.objections.rules import Effect as Answer
from tendering.objections.visibility import Stage as Raised
from tendering.states import TenderState
from tendering.visibility import Asking
from tests import objection_stage as on

OFFICES = [role.value for role in Role if role is not Role.BIDDER]
PEOPLE = ("nobody", "other_owner", *OFFICES, *"adef")
"""Of the organizations a bids, d asks, e objects, f complains."""
LISTS = ("/", "/approvals", "/objections", "/complaints", "/filings", "/api/v1/filings", "/oversight", "/owner/", "/desk", "/tenders", "/api/v1/tenders", "/api/v1/tenders/mine")  # fmt: skip
PLACES = frozenset({"code", "lot", "number", "token"})
"""A walk knocks at every door of a tender, and at the lists that lead there."""
ASKED = {
    "application.deposit": "test_offers_course.py",
    "filing.signs": "test_filing_web.py",
    "question.token": "test_tendering_visibility.py",
    "objection.token": "test_objections_web.py",
    "objection.evidence": "test_objections_web.py",
    "complaint.accepted_at": "test_complaints_course.py",
    "complaint.token": "test_complaints_web.py",
    "complaint.correction": "test_complaints_web.py",
}
"""Rows with a pattern of their own that another test asks for; those shown like them go with them."""
ELSEWHERE = {
    "base_price": "test_base_price.py",
    "evaluation": "test_evaluation_roles.py",
    "contract": "test_contracts_web.py",
    "invitation": "test_invitations_web.py",
    "bid": "test_portal_secrecy.py",
    "agreement": "test_agreement_web.py",
    "deposit": "test_escrow_pages.py",
    "qualification": "test_qualification_web.py",
}
"""Where the fields of a table are asked for that this walk has no text for."""


@dataclass(frozen=True)
class Secret:
    """A field with the text that betrays it, in any of its spellings."""

    table: str
    field: str
    texts: tuple[str, ...]
    door: str = ""

    def told(self, answers: dict[str, str]) -> bool:
        return bool(self.where(answers))

    def where(self, answers: dict[str, str]) -> list[str]:
        """Behind which doors it stands."""
        return [
            door for door, said in answers.items() if self.door in door and any(text in said for text in self.texts)
        ]


SECRETS = (
    Secret("tender", "title", ("未发布之题",)),
    Secret("tender", "draft", ("编制中之范围",)),
    Secret("tender", "approvals", ("提请终止之由",)),
    Secret("tender", "downloads", ("bidder4 单位",)),
    Secret("filing", "content", ("备案中之项目",)),
    Secret("question", "question", ("提问之文",)),
    Secret("question", "answer", ("答问之文",)),
    Secret("question", "asker", ("bidder4 单位",)),
    Secret("bid", "bidder", ("bidder1 单位",)),
    Secret("bid", "price", ("18765432.11", "18,765,432.11")),
    Secret("bid", "count", ('"count":',), "/opening"),
    Secret("objection", "text", ("异议之文",)),
    Secret("objection", "demand", ("异议之求",)),
    Secret("objection", "answer", ("答异之文",)),
    Secret("objection", "party", ("bidder5 单位",)),
    Secret("complaint", "text", ("投诉之文",)),
    Secret("complaint", "demand", ("投诉之求",)),
    Secret("complaint", "reply", ("辩诉之文",)),
    Secret("complaint", "reasons", ("决定之由",)),
    Secret("complaint", "party", ("bidder6 单位",)),
    Secret("directive", "reasons", ("指令之由",)),
    Secret("directive", "law", ("指令之据",)),
)
WALKED = (*SECRETS, *test_walk_negotiation.SECRETS, *test_walk_offers.SECRETS, *test_walk_prequal.SECRETS)
"""With those of the plays that have walks of their own."""
VIEWERS: dict[str, dict[str, str]] = {
    "tender": {"OWNER": "project", "AGENCY": "project", "MGR": "manager"},
    "filing": {"OWNER": "project", "AGENCY": "project", "SUP": "department", "MGR": "manager"},
    "question": {"OWNER": "project", "AGENCY": "project", "MGR": "manager"},
    "bid": {**{role: role.lower() for role in OFFICES}, "a": "self", **dict.fromkeys("bdef", "other_bidder")},
    "objection": {"OWNER": "project", "AGENCY": "project", "SUP": "authority", "INSP": "authority", "e": "own"},
    "complaint": {"OWNER": "respondent", "AGENCY": "respondent", "SUP": "authority", "INSP": "authority", "f": "own"},
    "directive": {"SUP": "overseer", "INSP": "overseer", "MGR": "overseer"},
}
"""As what each person looks at a thing; everybody else is the public."""
ITSELF = {"asker": "d", "downloads": "d"}
"""Whose own name it is: their own pages greet them by it."""


@dataclass
class Walk:
    """What everybody was answered behind every door, and where each thing stood then."""

    moments: dict[str, Any]
    opened: bool
    answers: dict[str, dict[str, str]] = field(default_factory=dict)


class Town(Street):
    """A street with a drafted, a filed and a published tender, and the numbers that its doors ask for."""

    def __init__(self, stage: PortalStage) -> None:
        self.stage, self.client, self.bids, self._tokens = stage, stage.app.test_client(), [], {}
        self.lot = stage.one_lot(agency_uscc=stage.agency.uscc)
        self.drafted, self.tokens = "", dict[str, str]()
        self.people = {role.value: actor for role, actor in stage.by_role.items()} | {"other_owner": stage.other_owner}
        self.people |= {name: stage.bidder_of(name).actor for name in "abcdef"}
        stage.grant(*(one.actor for one in stage.bidders.values()))
        self.codes = [self.lot]
        for actor in self.people.values():
            self.token(actor)

    def doors(self) -> Iterator[tuple[Doorway, str]]:
        for door in doorways(self.stage.app.url_map.iter_rules()):
            if (
                door.method != "GET"
                or door.rule == EDGE_ONLY
                or not (door.rule in LISTS or PLACES >= door.arguments > set())
            ):
                continue
            many = self.codes if door.arguments & {"code", "lot"} else [self.lot]
            for code, number in product(many, ("1", "2") if "number" in door.arguments else "1"):
                short = code[:20] if "/tenders/" in door.rule or "/complaints/of/" in door.rule else code
                token = self.tokens.get("complaint" if "/complaints" in door.rule else "objection", "")
                yield door, door.path({"lot": code, "code": short, "number": number, "token": token})

    def walk(self, moments: dict[str, Any], *, opened: bool = False) -> Walk:
        found = Walk(moments, opened)
        doors = list(self.doors())
        for name in PEOPLE:
            asked = {path: self.ask("GET", path, self.people.get(name)) for _, path in doors}
            found.answers[name] = {path: _text(answer) for path, answer in asked.items() if answer.status_code == 200}
            assert not [path for path, answer in asked.items() if answer.status_code >= 500]
        return found


def _text(answer: Any) -> str:
    """As people read it: JSON without its escapes."""
    return json.dumps(answer.get_json(), ensure_ascii=False) if answer.is_json else str(answer.get_data(as_text=True))


def _told(town: Town) -> None:
    """A question, an objection that waits, one that was answered and complained of; a directive and a cancellation proposed."""
    stage, lot = town.stage, town.lot
    with stage.act() as now:
        tender = service.tender_of(lot[:20])
        documents.note_taken(town.people["d"], tender, tender.documents[0].sha256, now)
        service.ask(town.people["d"], tender, "提问之文", now)
        service.cancel(stage.owner, tender, "提请终止之由", now)
    _object(town, "f", "另一异议", "另一请求")
    on.answered(stage, lot, 1)
    town.tokens["objection"] = _object(town, "e", "异议之文", "异议之求")
    with stage.act() as now:
        said = making.Statement(Matter.OBJECTION, 1, now, "投诉之文", "投诉之求")
        town.tokens["complaint"] = making.make(town.people["f"], lot, said, now).token
    item = directives.statement(lot, Act.VOID, "指令之由甲乙", "指令之据甲乙", stage.now)
    with stage.act() as now:
        signed = Signed(item.raw, keys.sign(item.raw, stage.nodes["supervisor"].private))
        directives.propose(stage.supervising, lot, signed, now)


def _object(town: Town, who: str, text: str, demand: str) -> str:
    with town.stage.act() as now:
        said = objections.Statement("objection", "documents", text, demand)
        return objections.raise_objection(town.people[who], town.lot, said, now).token


def _answered(town: Town) -> None:
    stage, lot = town.stage, town.lot
    stage.now += seconds(1)
    with stage.act() as now:
        tender = service.tender_of(lot[:20])
        (asked,) = service.pending(tender)
        service.answer(stage.owner, tender, asked.token, service.Reply("答问之文", bears_on_bids=False), now)
        objections.answer(stage.owner, lot, 2, objections.Reply(Answer.REJECTED, "答异之文"), now)
        oversight.accept(stage.supervising, lot, 1, now)
    with stage.act() as now:
        oversight.reply(stage.owner, lot, 1, "辩诉之文", now)


def _drafts(town: Town) -> None:
    """One tender in draft, one filed; the filed one lies with the supervising authority."""
    stage = town.stage
    terms = departments.Terms(Trade.CONSTRUCTION, stage.supervising.uscc, 3, approves=False, basis="")
    with stage.act() as now:
        departments.name(stage.manager, terms, now)
    drafted = stage.draft(title="未发布之题", content="编制中之范围", agency_uscc=stage.agency.uscc)
    filed = stage.ready(title="备案之题", project_name="备案中之项目", agency_uscc=stage.agency.uscc)
    town.codes += [stage.lots(code)[0] for code in (drafted, filed)]


def _opened(town: Town) -> None:
    stage, lot = town.stage, town.lot
    stage.run_to_close(lot)
    stage.run_until("sealed", lot)
    stage.run(4)
    stage.start(lot)
    stage.run_until("opened", lot)


def _decided(town: Town) -> None:
    stage, lot = town.stage, town.lot
    with stage.act() as now:
        oversight.decide(stage.supervising, lot, 1, (Effect.REJECTED, "决定之由甲乙丙丁"), now)
    with stage.act() as now:
        directives.second(stage.actors["INSP"], lot, Act.VOID, now)


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Walk]]:
    folder: Path = tmp_path_factory.mktemp("walk")
    with staged(folder) as stage:
        town = Town(stage)
        for name, price in {"a": "18765432.11", "b": "18765432.22", "c": "18765432.33"}.items():
            stage.bid(town.lot, name, price=price)
        _drafts(town)
        _told(town)
        waiting = {"tender": TenderState.DRAFT, "filing": Filed.FILED, "question": Asking.WAITING, "bid": Phase.COLLECTING, "objection": Raised.OPEN, "complaint": State.MADE, "directive": Ordered.WAITING}  # fmt: skip
        found = [town.walk(waiting)]
        town.codes = [town.lot]
        _answered(town)
        later = {**waiting, "question": Asking.ANSWERED, "objection": Raised.ANSWERED, "complaint": State.ACCEPTED}
        _opened(town)
        after = {**later, "bid": Phase.RECORDED}
        found.append(town.walk(after, opened=True))
        _decided(town)
        last = {**after, "complaint": State.DECIDED, "directive": Ordered.IN_FORCE}
        found.append(
            town.walk(last)
        )  # a lot that was declared void no longer counts as opened: names stay what they were
        yield found


@pytest.mark.parametrize("secret", SECRETS, ids=lambda one: f"{one.table}.{one.field}")
def test_e21_every_role_finds_in_every_state_exactly_what_the_table_shows(walks: list[Walk], secret: Secret) -> None:
    table = next(one for one in TABLES if one.name == secret.table)
    viewers = type(next(iter(table.viewers)))
    for walk in walks[:1] if secret.table in ("filing", "tender") else walks:
        moment = TenderState.PUBLISHED if secret.field == "approvals" else walk.moments[secret.table]
        for name in PEOPLE:
            viewer = viewers(VIEWERS[secret.table].get(name, "public"))
            expected = table.may_see(viewer, moment, secret.field, opened=walk.opened)
            if ITSELF.get(secret.field) != name:
                assert secret.told(walk.answers[name]) == expected, (
                    name,
                    moment,
                    walk.opened,
                    secret.where(walk.answers[name]),
                )


def test_every_row_that_somebody_does_not_see_at_once_is_walked_or_asked_elsewhere() -> None:
    """Rows that are shown alike go through one allow-list together, so that one of them speaks for all."""
    for table in TABLES:
        asked = [name.partition(".")[2] for name in ASKED if name.startswith(f"{table.name}.")]
        walked = [table.rows[name] for name in (*asked, *(one.field for one in WALKED if one.table == table.name))]
        if table.name in ELSEWHERE:
            assert table.name in (Path(__file__).parent / ELSEWHERE[table.name]).read_text().lower()
            continue
        for name, row in table.rows.items():
            spoken_for = any((row.seen, row.after_opening) == (one.seen, one.after_opening) for one in walked)
            assert spoken_for or not _is_secret(table, row), (table.name, name)


def _is_secret(table: Table[Any, Any], row: Row[Any, Any]) -> bool:
    whole = frozenset(table.moments)
    return any(row.seen.get(viewer) != whole or viewer in row.after_opening for viewer in table.viewers)


def test_every_table_names_all_its_viewers_and_moments_and_a_clause_in_chinese() -> None:
    assert len({table.name for table in TABLES}) == len(TABLES)
    for table in TABLES:
        assert list(table.viewers) == list(type(next(iter(table.viewers))))
        assert list(table.moments) == list(type(next(iter(table.moments))))
        for row in table.rows.values():
            assert set(row.seen) <= set(table.viewers)
            assert "第" in row.law or "号" in row.law
