"""Deposits as pages."""

from __future__ import annotations

from flask import Blueprint

from escrow import models  # noqa: F401

pages = Blueprint("deposits", __name__, template_folder="templates")
