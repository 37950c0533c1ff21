"""Negotiation and consultation: the team meets suppliers one by one, changes go to all, a signed record ends it (N04, N05, N09)."""
