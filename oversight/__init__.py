"""The supervising authorities' side of a tender: complaints (投诉), what they order, and their own deadlines."""
