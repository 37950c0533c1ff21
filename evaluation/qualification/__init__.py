"""Government procurement: purchaser or agency reviews the bidders' qualification between opening and evaluation (G21)."""
