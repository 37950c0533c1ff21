"""A construction tender's one secret base price (标底): sealed before the deadline, read out at the opening, no ground of rejection."""
