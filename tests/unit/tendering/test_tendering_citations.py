"""Every page cites the law of its tender's own trade."""

import pytest

from tendering import packs
from tendering.codes import Trade

SUBJECTS = (
    "opening", "opening_host", "read_out", "opening_objection", "opening_record", "sealing", "receipt", "withdrawal",
    "consortium_members", "committee", "recusal", "termination", "clarification_published",
)  # fmt: skip
OF_THE_OTHER_TRADE = {
    Trade.CONSTRUCTION: ("政府采购", "财政部令"),
    Trade.PROCUREMENT: ("《招标投标法", "《电子招标投标办法》", "《评标委员会和评标方法暂行规定》"),
}


OFFERED = [pack for practice in (False, True) for pack in packs.offered(practice=practice)]
RUN = [pack.id for pack in OFFERED if pack.procedure not in packs.OFFERS]
SOLD = [pack.id for pack in OFFERED if pack.procedure in packs.OFFERS]


@pytest.mark.parametrize("name", SOLD)
@pytest.mark.parametrize(
    "subject", ["notice", "deal", "deal_confirmation", "deal_fallen", "contract_signed", "termination", "archive"]
)
def test_l16_p16_a_pack_of_a_sale_names_the_clauses_that_its_pages_cite(name, subject):
    assert packs.load(name).clause(subject)


@pytest.mark.parametrize("name", RUN)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_pack_names_the_clause_of_its_own_trade_for_all_that_pages_cite(name, subject):
    pack = packs.load(name)
    cited = pack.clause(subject)
    assert cited
    assert not any(other in cited for other in OF_THE_OTHER_TRADE[pack.trade])


def test_what_a_pack_does_not_speak_of_is_not_cited():
    assert packs.load("cn.procurement.open.2026").clause("nothing of the kind") == ""


def test_practice_cites_what_the_real_pack_cites():
    for trade in ("construction", "procurement"):
        real, practice = packs.load(f"cn.{trade}.open.2026"), packs.load(f"practice.{trade}.open")
        assert [real.clause(one) for one in SUBJECTS] == [practice.clause(one) for one in SUBJECTS]
