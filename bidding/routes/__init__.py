"""The JSON API of sealed bidding."""
