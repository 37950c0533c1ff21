"""C20.base before four nodes: the line of a base price comes with the release of the bids, of the one that counts, and not before."""

from __future__ import annotations

import pytest

from kernel import clock, keys, money
from kernel.statements import Signed
from sealing import baseprice
from sealing.baseprice import BaseLine, BasePrice, Revealed
from sealing.manifest import ClientClaim
from supervision.base_price_facts import BasePriceSealed
from tests.unit.node.node_lot import LOT, OPENS, LotPlay
from tests.unit.node.node_world import START

pytestmark = pytest.mark.slow

CLAIM = clock.rfc3339(START), ClientClaim("kaibiao", "0.1.0", "0" * 64)


def sealed(play: LotPlay, amount: str = "19500000.00") -> Signed:
    return baseprice.seal(play.keyset, play.raw, ("某局", play.owner), money.parse(amount), CLAIM)


def logged(play: LotPlay, signed: Signed) -> Signed:
    parts = {"file": keys.b64(signed.raw), "sig": keys.b64(signed.sig), "at": clock.rfc3339(START)}
    play.world.log.append(BasePriceSealed(lot=LOT, **parts))
    play.log()
    return signed


def said(play: LotPlay) -> list[BaseLine]:
    return [BaseLine.read(Signed.from_json(body)) for body in play.world.net.taken("base_price.line")]


def closed(play: LotPlay):
    for org in ("甲公司", "乙公司", "丙公司"):
        play.bid(org)
    made = play.close()
    play.admit(made)
    return made


def test_c20_base_lines_come_with_the_release_and_open_what_was_sealed(play: LotPlay) -> None:
    first = logged(play, sealed(play))
    closed(play)
    play.go_to(OPENS)
    assert said(play) == [], "the time has come, but nobody has promised yet"
    play.start_opening()
    assert said(play) == []
    play.log_hashes()
    found = {line.i: line for line in said(play)}
    assert sorted(found) == [1, 2, 3, 4]
    assert {line.base_price_sha256 for line in found.values()} == {first.sha256}
    given = {i: line.line.encode() for i, line in found.items() if line.line}
    opened = baseprice.reveal(BasePrice.read(first), {i: given[i] for i in (2, 3, 4)})
    assert isinstance(opened, Revealed)
    assert money.wire(opened.amount) == "19500000.00"


def test_c20_base_a_second_one_in_the_log_is_opened_by_nobody(play: LotPlay) -> None:
    first = logged(play, sealed(play))
    logged(play, sealed(play, "10000000.00"))
    closed(play)
    play.go_to(OPENS)
    play.start_opening()
    play.log_hashes()
    assert {line.base_price_sha256 for line in said(play)} == {first.sha256}


@pytest.mark.parametrize("late", [True, False])
def test_c20_base_one_after_the_cut_or_of_another_key_is_opened_by_nobody(play: LotPlay, late: bool) -> None:
    if not late:
        forged = sealed(play)
        logged(play, Signed(forged.raw, keys.sign(forged.raw, keys.generate())))
    closed(play)
    if late:
        logged(play, sealed(play))
    play.go_to(OPENS)
    play.start_opening()
    play.log_hashes()
    assert play.releases()
    assert said(play) == []
    assert all(node.lots.view(LOT).base_price is None for node in play.world.nodes.values())


def test_c20_base_a_box_that_fails_unopened_keeps_its_base_price_shut(play: LotPlay) -> None:
    logged(play, sealed(play))
    play.bid("甲公司")
    play.close()
    play.go_to(OPENS)
    play.start_opening()
    play.log_hashes()
    assert said(play) == []
