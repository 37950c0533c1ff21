"""The evaluation report, which all members sign, and the time that the committee has for its work."""
