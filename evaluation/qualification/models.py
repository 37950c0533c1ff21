"""The table of the review: one signed statement for each lot."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant


class QualificationReview(Base):
    """Who is qualified and who is not, as purchaser or agency signed it; given once, for all bidders together."""

    __tablename__ = "qualification_review"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(String(23), unique=True)
    file: Mapped[bytes] = mapped_column(LargeBinary)
    sig: Mapped[str] = mapped_column(String(88))
    given_at: Mapped[dt.datetime] = mapped_column(Instant)
