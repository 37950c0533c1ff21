"""Bid deposits: a double-entry ledger, the register of what arrived, and the clocks of what goes back."""
