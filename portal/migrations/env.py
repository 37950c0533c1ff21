"""Alembic's environment: the models of all slices, the database of the settings."""

from __future__ import annotations

import importlib

from alembic import context
from sqlalchemy import create_engine

from kernel.db import Base, engine_options, tune
from portal.app import API, PAGES

for name in (*API, *PAGES):
    importlib.import_module(name)

url = context.config.attributes["url"]
engine = create_engine(url, **engine_options(url))
tune(engine)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
