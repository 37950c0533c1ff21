"""Deposits on pages, through the real portal: what the bidder, the centre, the project and everybody see, and when."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from log_stage import ENGINES
from portal_stage import PortalStage, staged

from accounts.roles import OrgKind, Role
from escrow import refunds, standing, visibility
from escrow.visibility import Moment, Viewer
from kernel import canonical, keys
from kernel.site import site
from tendering import lifecycle
from tests import tendering_stage
from tests.escrow_stage import FORMS, EscrowStage
from tests.evaluation_stage import BIDDERS
from tests.tendering_stage import seconds


@pytest.fixture
def town(tmp_path, request):
    engine = getattr(request, "param", "sqlite")
    with staged(tmp_path, engine) as stage:
        yield _town(stage)


def _town(stage: PortalStage) -> EscrowStage:
    stage.actors["fin"] = stage.by_role[Role.FIN]
    for name in ("bidder2", "bidder3"):
        with stage.act():
            stage.actors[name] = tendering_stage._actor(name, OrgKind.BIDDER, Role.BIDDER, BIDDERS[name])
    stage.grant(*stage.actors.values())
    lots = tendering_stage.notice(stage.now + seconds(3600))["lots"]
    lots[0] |= {"deposit": "400000.00", "estimate": "21846300.00", "method": tendering_stage.method()}
    code = stage.published(lots=lots, deposit_forms=FORMS)
    return EscrowStage(stage, stage.lots(code)[0])


def seen(town: EscrowStage, path: str, name: str | None = None, status: int = 200) -> str:
    answer = town.stage.door().get(path, town.actor(name) if name else None)
    assert answer.status_code == status, (path, name, answer.text[:2000])
    return unescape(answer.text)


def sent(town: EscrowStage, path: str, name: str, status: int = 303, **form: object) -> str:
    answer = town.stage.door().post(path, town.actor(name), data=form)
    assert answer.status_code == status, (path, name, unescape(re.sub("<[^>]+>", " ", answer.text))[:1500])
    return unescape(answer.text)


def own(town: EscrowStage) -> str:
    return f"/desk/{town.lot}/deposit"


def asks(town: EscrowStage, name: str, form: str = "transfer") -> str:
    sent(town, f"{own(town)}/account", name, bank="青山农商行", number=town.account(name))
    sent(town, f"{own(town)}/form", name, form=form)
    ref = re.search(r'id="d([0-9a-f]{20})"', seen(town, own(town), name))
    assert ref is not None
    town.numbers[name] = ref[1]
    return ref[1]


def arrived(town: EscrowStage, name: str, number: str, **changed: str) -> dict[str, str]:
    at = town.stage.now.astimezone(tendering_stage.clock.BEIJING).strftime("%Y-%m-%dT%H:%M:%S")
    usual = {
        "ref": town.numbers[name], "payer_name": town.actor(name).organization, "payer_account": town.account(name),
        "means": "transfer", "amount": "400000.00", "at": at, "channel_ref": number,
    }  # fmt: skip
    return {**usual, **changed}


def test_the_bidder_gets_a_number_and_sees_what_arrived_and_nobody_else_does(town):
    assert "还没有缴款编号" in seen(town, own(town), "bidder")
    asks(town, "bidder")
    sent(town, "/finance/arrival", "fin", **arrived(town, "bidder", "B1"))
    assert "符合要求" in seen(town, own(town), "bidder")
    assert "In order" in seen(town, f"{own(town)}?lang=en", "bidder")
    assert town.numbers["bidder"] not in seen(town, own(town), "bidder2")
    for name in ("owner", "agency", "manager", "operator", "supervising"):
        seen(town, own(town), name, 403)
        seen(town, "/finance", name, 403)
    seen(town, "/finance", "fin")
    assert "投标保证金" in seen(town, f"/desk/{town.lot}", "bidder")


def test_wrong_entries_come_back_with_the_clause_and_what_was_typed(town):
    asks(town, "bidder")
    page = sent(town, "/finance/arrival", "fin", 422, **arrived(town, "bidder", "B1", amount="400 000"))
    assert "400 000" in page
    assert "第二十六条" in page
    assert "Give the bank" in sent(town, f"{own(town)}/account?lang=en", "bidder", 422, bank="", number="1")
    sent(town, f"{own(town)}/form", "bidder", 422, form="cash")
    sent(town, f"{own(town)}/nothing", "bidder", 422)
    sent(town, "/finance/nothing", "fin", 422)


def test_a_statement_is_imported_whole_or_not_at_all(town):
    asks(town, "bidder")
    row = arrived(town, "bidder", "B1")
    line = ",".join(
        row[name] for name in ("ref", "payer_name", "payer_account", "means", "amount", "at", "channel_ref")
    )
    head = "ref,payer_name,payer_account,means,amount,at,channel_ref"
    broken = sent(town, "/finance/statement", "fin", 422, statement=f"{head}\n{line}\nx,y,z,barter,1,2,3")
    assert "第 3 行" in broken
    assert "未见到账" in seen(town, own(town), "bidder")
    sent(town, "/finance/statement", "fin", 422, statement=f"a,b\n{line}")
    for _ in range(2):
        sent(town, "/finance/statement", "fin", statement=f"{head}\n{line}")
    assert "符合要求" in seen(town, own(town), "bidder")


def test_c16_a_letter_is_entered_and_judged(town):
    asks(town, "bidder", "guarantee")
    letter = {"ref": town.numbers["bidder"], "issuer": "青山融资担保", "number": "G1", "amount": "400000.00"}
    moments = {"received_at": "2026-11-23T09:00:00", "valid_until": "2026-12-01T00:00:00"}
    sent(town, "/finance/letter", "fin", 422, **{**letter, "issuer": ""}, **moments)
    sent(town, "/finance/letter", "fin", **letter, **moments)
    assert "保函有效期短于投标有效期" in seen(town, own(town), "bidder")


def returned(town: EscrowStage) -> None:
    """Two organizations and a bank, all by pages."""
    sent(town, "/finance/batch", "fin", reason="依法退还", refund=str(town.refund("bidder").id))
    token = re.search(r'id="b([0-9a-f]{20})"', seen(town, "/refunds", "manager"))
    assert token is not None
    sent(town, f"/refunds/{token[1]}", "fin", 422)
    sent(town, f"/refunds/{token[1]}", "manager")
    at = town.stage.now.astimezone(tendering_stage.clock.BEIJING).strftime("%Y-%m-%dT%H:%M:%S")
    sent(town, f"/finance/refunds/{town.refund('bidder').id}/paid", "fin", bank_ref="P1", paid_at=at)


@pytest.mark.parametrize("town", ENGINES, indirect=True)
def test_c58_from_the_failed_lot_to_the_receipt_by_pages(town):
    asks(town, "bidder")
    sent(town, "/finance/arrival", "fin", **arrived(town, "bidder", "B1"))
    town.failed()
    town.step()
    page = seen(town, own(town), "bidder")
    assert "应当退还" in page
    assert "data-countdown" in page
    town.pass_by(seconds(86400))
    assert "利息怎么算" in seen(town, own(town), "bidder")
    returned(town)
    assert "已退还" in seen(town, own(town), "bidder")
    receipt = json.loads(seen(town, f"/desk/deposits/{town.numbers['bidder']}.json", "bidder"))
    said = canonical.decode(receipt["file"].encode())
    with town.act(write=False):
        key = site().key("platform").public_key()
    assert keys.verified(keys.unb64(receipt["sig"]), receipt["file"].encode(), key)
    assert said["principal"] == "400000.00"
    seen(town, f"/desk/deposits/{town.numbers['bidder']}.json", "bidder2", 404)
    public = seen(town, f"/tenders/{town.lot[:20]}")
    assert "已退还 1 笔" in public
    assert "P1" not in public


def test_c29_the_owner_decides_on_the_projects_page_and_the_centre_carries_it_out(town):
    asks(town, "bidder")
    sent(town, "/finance/arrival", "fin", **arrived(town, "bidder", "B1"))
    project = f"/owner/lots/{town.lot}/deposits"
    seen(town, project, "owner", 409)
    town.opened()
    seen(town, project, "other_owner", 403)
    assert town.account("bidder") not in seen(town, project, "owner")
    form = {"ref": town.numbers["bidder"], "ground": "revoked", "reason": "截止后书面撤销投标文件"}
    assert "没有这个法定情形" in sent(town, project, "owner", 422, **{**form, "ground": "because"})
    sent(town, project, "owner", **form)
    assert "不予退还的决定" in seen(town, own(town), "bidder")
    sent(town, "/finance/keep", "fin", ref=town.numbers["bidder"])
    assert "不予退还" in seen(town, own(town), "bidder")
    assert "已执行" in seen(town, project, "owner")


HIDDEN = re.compile(r'(name="csrf[-_]token"[^>]*|nonce="[^"]*"|value="[A-Za-z0-9_.-]{40,}")')


def everything(town: EscrowStage) -> dict[tuple[str, str | None], str]:
    """What owner, agency, an uninvolved bidder and the public can read of the lot."""
    code = town.lot[:20]
    pages = {
        None: ["/", "/tenders", f"/tenders/{code}", f"/lots/{town.lot}/opening"],
        "owner": [
            "/owner/",
            f"/tenders/{code}",
            f"/owner/tenders/{code}",
            "/refunds",
            f"/owner/lots/{town.lot}/deposits",
        ],
        "agency": ["/owner/", f"/tenders/{code}", "/refunds", f"/owner/lots/{town.lot}/deposits"],
        "bidder3": ["/desk", f"/desk/{town.lot}", own(town)],
        "operator": [f"/tenders/{code}", "/ops/committees"],
    }
    found = {}
    for name, paths in pages.items():
        for path in paths:
            answer = town.stage.door().get(path, town.actor(name) if name else None)
            found[path, name] = f"{answer.status_code} {HIDDEN.sub('', answer.text)}"
    return found


def test_what_is_paid_before_the_opening_changes_no_byte_for_anybody_else(town):
    """Non-interference: asked, paid, wrongly paid, withdrawn, overdue, and nobody outside the centre can tell."""
    before = everything(town)
    town.paid("bidder", "bidder2")
    town.arrives("bidder2", account="999999999")
    with town.act() as now:
        refunds.withdrawn(town.lot, [town.actor("bidder").organization_id], now)
        assert lifecycle.lot_of(town.lot).state == "collecting"
    sent(town, "/finance/batch", "fin", reason="依法退还", refund=str(town.refund("bidder").id))
    town.step()
    after = everything(town)
    assert [key for key in before if before[key] != after[key]] == []


def told(town: EscrowStage) -> dict[str, frozenset[Viewer]]:
    """By field of the table `deposit`: who finds its text on the pages made for it."""
    code, payer = town.lot[:20], town.account("bidder")
    number = town.numbers["bidder"]
    texts = {
        "payer": payer,
        "number": number,
        "stated": "开标时宣读；",
        "totals": "已退还 ",
        "batch": "确认退款</button>",
    }
    places = {
        Viewer.BIDDER: ("bidder", (own(town), f"/tenders/{code}")), Viewer.FINANCE: ("fin", ("/finance", f"/tenders/{code}")),
        Viewer.SECOND: ("manager", ("/refunds", f"/tenders/{code}")),
        Viewer.PROJECT: ("owner", ("/refunds", f"/tenders/{code}", f"/owner/lots/{town.lot}/deposits")),
        Viewer.PUBLIC: ("bidder3", (own(town), f"/tenders/{code}", "/refunds")),
    }  # fmt: skip
    pages = {who: "".join(read(town, path, name) for path in paths) for who, (name, paths) in places.items()}
    return {field: frozenset(who for who, page in pages.items() if text in page) for field, text in texts.items()}


def read(town: EscrowStage, path: str, name: str) -> str:
    return unescape(town.stage.door().get(path, town.actor(name)).text)


def expected(moment: Moment, field: str) -> frozenset[Viewer]:
    return frozenset(who for who in Viewer if visibility.TABLE.may_see(who, moment, field))


def test_e21_each_viewer_finds_of_a_deposit_what_the_table_shows_before_and_after_the_opening(town):
    """The payer's account stands on no page: finance has it in the register, the bidder knows its own."""
    town.paid("bidder", "bidder2")
    town.arrives("bidder2", account="999999999")
    with town.act() as now:
        refunds.withdrawn(town.lot, [town.actor("bidder").organization_id], now)
    sent(town, "/finance/batch", "fin", reason="依法退还", refund=str(town.refund("bidder").id))
    found = told(town)
    assert found["payer"] <= expected(Moment.SECRET, "payer")
    assert found["number"] <= expected(Moment.SECRET, "number")
    assert found["stated"] == found["totals"] == frozenset()
    assert found["batch"] == {Viewer.SECOND}
    town.closed()
    town.moved(lifecycle.LotEvent.START_OPENING)
    with town.act() as now:
        one = standing.Bidding("0" * 32, "某公司", (town.actor("bidder2").organization_id,))
        standing.state(lifecycle.lot_of(town.lot), [one], now)
    town.moved(lifecycle.LotEvent.END_OPENING)
    found = told(town)
    assert found["stated"] == expected(Moment.OPENED, "stated")
    assert found["totals"] == expected(Moment.OPENED, "totals")
    assert found["batch"] == {Viewer.SECOND, Viewer.PROJECT}
    assert found["payer"] <= expected(Moment.OPENED, "payer")
    assert found["number"] <= expected(Moment.OPENED, "number")
