"""The portal's side of the evaluator process."""
