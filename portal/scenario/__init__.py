"""Life cycles of tenders played from readable files, on one clock that portal and nodes share; practice origins only."""
