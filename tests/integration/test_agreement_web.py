"""N12.team through the doors: who reads what of an agreement with a single source when, and the pages that lead there."""

from __future__ import annotations

import pytest
from flask import g, request

from kernel import keys
from portal.app import create_app
from portal.scenario import play
from portal.scenario.installation import installed
from portal.scenario.script import load
from portal.scenario.verbs_agreement import SAID, TEAM
from tendering.agreement import visibility
from tests.accounts_web import checked
from tests.scenario_stage import FOLDER

GROUNDS, MEMBER, PRICE = SAID["grounds"], TEAM[0].name, ("1900000.00", "1,900,000.00")


class Agreed:
    """A single source as far as its steps went, with the portal in front of it."""

    def __init__(self, world):
        self.world, self.lot = world, world.code(1)
        self.app = create_app(world.here.app.site.settings)

        @self.app.before_request
        def _enter() -> None:
            if name := request.headers.get("X-Test-Actor"):
                g.actor = world.person(name).actor

    def ask(self, method, path, who=None, status=200, **body):
        headers = {"X-Test-Actor": who, "Authorization": "Bearer of-a-test"} if who else {}
        with self.world.clock_stopped():
            answer = self.app.test_client().open(path, method=method, headers=headers, **body)
        assert answer.status_code == status, answer.text[-1500:]
        return answer

    def told(self, who):
        """Which fields somebody finds behind the page and the API."""
        page = checked(self.ask("GET", f"/lots/{self.lot}/agreement", who).text)
        said = self.ask("GET", f"/api/v1/lots/{self.lot}/agreement", who).text
        tender = self.ask("GET", f"/tenders/{self.lot[:20]}", who).text
        found = set()
        for text in (page, said.encode().decode("unicode_escape") if "\\u" in said else said, tender):
            found |= {"record"} if GROUNDS in text else set()
            found |= {"members"} if MEMBER in text else set()
            found |= {"price"} if any(price in text for price in PRICE) else set()
        return found


def steps(scenario, world, until):
    """Play up to and without the first step that `until` names."""
    for step in scenario.steps:
        if (step.word.name, step.refused) == until:
            return
        play._step(world, step)


@pytest.fixture
def single(tmp_path):
    scenario = load(FOLDER / "procurement_single_source_agreed.toml")
    with installed(tmp_path, None, scenario.start) as here:
        world = play._world(scenario, here)
        steps(scenario, world, ("sign_price", "agreement.unconfirmed"))
        yield Agreed(world)


VIEWERS = {
    "owner": "project", "bidder1": "supplier", "supervisor": "authority", "bidder2": "public", "expert1": "public",
    "finance": "public", None: "public",
}  # fmt: skip


def expected(stage):
    return {
        who: visibility.TABLE.fields(visibility.Viewer(viewer), stage) & {"record", "members", "price"}
        for who, viewer in VIEWERS.items()
    }


def test_n12_team_everybody_reads_what_the_table_says(single):
    """Written: the parties alone. Signed: the price is public. The team's names come with the result."""
    assert {who: single.told(who) for who in VIEWERS} == expected(visibility.Stage.WRITTEN)
    file = keys.unb64(single.ask("GET", f"/api/v1/lots/{single.lot}/agreement", "owner").get_json()["file"])
    world = single.world
    supplier, owner = world.person("bidder1"), world.person("owner")
    body = {"file": keys.b64(file), "sig": keys.b64(supplier.sign(file).sig), "cert": keys.b64(supplier.cert)}
    where = f"/api/v1/lots/{single.lot}/agreement"
    forged = {**body, "sig": keys.b64(owner.sign(file).sig)}
    assert single.ask("POST", f"{where}/confirmation", "bidder1", 422, json=forged).get_json()["rule"]
    single.ask("POST", f"{where}/confirmation", "bidder1", json=body)
    other = {"file": keys.b64(file), "sig": keys.b64(supplier.sign(file).sig)}
    single.ask("POST", f"{where}/signature", "owner", 422, json=other)
    single.ask(
        "POST", f"{where}/signature", "owner", json={"file": keys.b64(file), "sig": keys.b64(owner.sign(file).sig)}
    )
    assert {who: single.told(who) for who in VIEWERS} == expected(visibility.Stage.SIGNED)
    again = {"price": "1800000.00", "members": [vars(TEAM[0])], **SAID}
    assert single.ask("POST", where, "owner", 409, json=again).get_json()["code"] == "agreement.signed"


def test_n12_team_the_page_leads_each_party_to_its_part_in_both_languages(single):
    page = f"/lots/{single.lot}/agreement"
    assert f'href="{page}"' in checked(single.ask("GET", f"/tenders/{single.lot[:20]}").text)
    assert "签署确认" in single.ask("GET", page, "bidder1").text
    assert "等待供应商签署" in single.ask("GET", page, "owner").text
    assert "<form" not in single.ask("GET", page, "bidder2").text.partition('id="agreed"')[2]
    english = checked(single.ask("GET", f"{page}?lang=en", "bidder1").text)
    assert "Agreed price" in english
    typed = {"price": "2000000.01", "members": "张，工程师，局，十年", **SAID}
    refused = single.ask("POST", f"{page}/write", "owner", 422, data=typed)
    assert "不高于供应商响应报价" in refused.text
    assert "第四十一条" in refused.text
    single.ask("POST", f"{page}/write", "owner", 303, data={**typed, "price": "1950000.00"})
    assert "1,950,000.00" in single.ask("GET", page, "bidder1").text
    single.ask("POST", f"{page}/write", "bidder1", 422, data={**typed, "price": "1.00"})
    assert "1,950,000.00" in single.ask("GET", page, "bidder1").text


def test_n12_team_where_there_is_no_single_source_there_is_no_such_page(single):
    other = f"{single.lot[:-1]}9"
    single.ask("GET", f"/lots/{other}/agreement", "owner", 404)
