"""`kaibiao demo`: one whole practice tender, played through the same doors that people use."""
