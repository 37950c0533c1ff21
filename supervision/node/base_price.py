"""The node's line of the owner's base price: given with its release of the first bids read out, never without (条例 art. 27)."""

from __future__ import annotations

from kernel.keys import PrivateKey
from kernel.statements import Signed
from sealing import baseprice
from sealing.baseprice import BasePrice
from sealing.keyset import Stage
from supervision.deadline import Terms
from supervision.lotview import LotView

KIND = "base_price.line"


def is_due(view: LotView, terms: Terms, stage: Stage, number: int) -> bool:
    """Whether a release for this admission brings the base price's line with it."""
    return number == 1 and view.base_price is not None and baseprice.stage_of(terms.keyset) == stage


def line(view: LotView, terms: Terms, share: tuple[int, bytes], key: PrivateKey) -> Signed:
    """The signed statement, always the same; `share` is the trustee's index and its identity of the stage."""
    fact = view.base_price
    assert fact is not None, "asked for once it is due"
    i, secret = share
    sealed = fact.signed
    return Signed.make(
        baseprice.trustee_line(BasePrice.read(sealed), sealed.sha256, terms.keyset, i, secret).content(), key
    )
