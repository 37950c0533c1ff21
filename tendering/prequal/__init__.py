"""Pre-qualification (资格预审): who may bid is decided before the documents of the tender are issued."""
