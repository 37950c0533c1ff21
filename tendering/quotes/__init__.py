"""Final quotes of a negotiation or consultation: a second sealed box of the same tender, for those who stay (N05, N09)."""
