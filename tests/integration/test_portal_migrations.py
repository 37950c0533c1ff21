"""The migrations make exactly the schema that the models say, on both databases."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from portal_stage import one_database, settings_of
from sqlalchemy import create_engine, inspect

from kernel.db import Base
from portal.setup import migrate


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def migrated(tmp_path, request):
    with one_database(request.param, tmp_path) as where:
        read = settings_of(tmp_path, where)
        migrate(read)
        engine = create_engine(where)
        yield read, engine
        engine.dispose()


def test_models_and_migrations_say_the_same(migrated):
    with migrated[1].connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_check_and_partial_index_of_the_models_is_in_the_database(migrated):
    """Alembic does not compare CHECK constraints or the conditions of indexes, and invariants stand in both."""
    found = inspect(migrated[1])
    for table in Base.metadata.sorted_tables:
        checks = {check["name"] for check in found.get_check_constraints(table.name)}
        wanted = {str(item.name) for item in table.constraints if type(item).__name__ == "CheckConstraint"}
        assert wanted <= checks, table.name
        conditional = {
            str(index.name)
            for index in table.indexes
            if index.dialect_options[migrated[1].dialect.name].get("where") is not None
        }
        stored = {index["name"] for index in found.get_indexes(table.name) if "where" in str(index["dialect_options"])}
        assert conditional == stored, table.name


def test_migrating_twice_changes_nothing(migrated):
    read, engine = migrated
    before = sorted(inspect(engine).get_table_names())
    migrate(read)
    assert sorted(inspect(engine).get_table_names()) == before
