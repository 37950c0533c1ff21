"""The two statutory methods of this issue: each turns checked prices and mean scores into scored bids."""
