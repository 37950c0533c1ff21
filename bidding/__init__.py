"""Taking sealed bids, closing the box, and the timed opening."""
