"""Changes after the notice: late ones move the deadline with them, everybody who took documents is told, visits are for all."""
