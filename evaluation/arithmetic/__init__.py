"""A price that disagrees with itself is corrected in the order of the law, and the bidder confirms it (G31)."""
