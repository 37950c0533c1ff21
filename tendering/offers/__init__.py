"""Selling land, property and other resources: applicants are confirmed, the highest offer buys, and the deal is signed."""
