"""Objections (异议), queries (质疑) and inquiries (询问): raised, standing still, answered to all."""
