"""Who is invited: the list, its public draw, the door it opens, and the publicity of a single source."""
