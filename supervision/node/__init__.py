"""The supervision node: a program of its own that trusts nothing but the published log."""
