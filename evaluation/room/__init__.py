"""The evaluator: holds the key of evaluation stages, opens `docs`, and shows them to the committee. Knows no database."""
