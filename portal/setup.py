"""Setting up an installation: keys, schema, the policy that pins the nodes, and the first fact of the log."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from accounts import authority
from kernel import clock, keys, settings
from kernel import site as installation
from kernel.db import transaction
from portal.app import Platform, create_app
from supervision import facts, log
from supervision.node.card import Card, policy_text
from supervision.note import Kind
from supervision.note_key import NoteKey
from supervision.policy import Policy

CA_FILE = "roots.pem"
KEYS = ("log", "platform", "ca")
MIGRATIONS = Path(__file__).parent / "migrations"


def init_main(argv: Sequence[str]) -> int:
    """Make what an installation needs and does not have yet: keys, folders, database. Safe to repeat."""
    argparse.ArgumentParser(prog="kaibiao init", description=init_main.__doc__).parse_args(argv)
    initialize(settings.load(os.environ), clock.wall())
    return 0


def initialize(read: settings.Settings, now: dt.datetime) -> None:
    """Keys, the certification authority's certificate as of `now`, and the schema; what exists already stays."""
    here = installation.make(read)
    for name in KEYS:
        if not (here.folder("keys") / f"{name}.pem").exists():
            installation.make_key(here, name)
    with installation.used(here):
        der = authority.certificate(now)
    # What nodes' owners pin as the root under bidders' certificates.
    (here.folder("keys") / CA_FILE).write_bytes(load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    migrate(read)


def migrate_main(argv: Sequence[str]) -> int:
    """Bring the database to the current schema."""
    argparse.ArgumentParser(prog="kaibiao migrate", description=migrate_main.__doc__).parse_args(argv)
    migrate(settings.load(os.environ))
    return 0


def genesis_main(argv: Sequence[str]) -> int:
    """Write the policy file from the nodes' cards and log `genesis`. Refuses to replace a policy."""
    parser = argparse.ArgumentParser(prog="kaibiao genesis", description=genesis_main.__doc__)
    parser.add_argument("cards", nargs="+", type=Path, help="card.json of each node, the supervising authority's first")
    parser.add_argument("--quorum", type=int, default=3, help="how many nodes must agree")
    asked = parser.parse_args(argv)
    app = create_app(settings.load(os.environ))
    if app.site.settings.policy.exists():
        sys.stderr.write(f"kaibiao genesis: {app.site.settings.policy} is already pinned\n")
        return 1
    pin(app, [Card.parse(path.read_bytes().strip()) for path in asked.cards], asked.quorum)
    return 0


def pin(app: Platform, cards: list[Card], quorum: int) -> Policy:
    """Log `genesis` and write the policy file that names these nodes."""
    policy = _policy(app.site, cards, quorum)
    # The fact first: a crash between the two leaves a log without a policy, and the command can be repeated.
    with app.app_context(), installation.used(app.site), transaction():
        if not log.find("genesis"):
            log.append(facts.Genesis(origin=app.site.settings.origin, policy_sha256=policy.sha256))
    app.site.settings.policy.write_bytes(policy.raw)
    return policy


def migrate(read: settings.Settings) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = read.database
    read.var.mkdir(parents=True, exist_ok=True)
    command.upgrade(config, "head")


def _policy(here: installation.Site, cards: list[Card], quorum: int) -> Policy:
    read = here.settings
    vkey = NoteKey(read.origin, Kind.ED25519, here.key("log")).vkey
    platform = keys.spell(here.key("platform").public_key())
    return Policy.parse(policy_text(f"{vkey} {read.url}/log", platform, cards, quorum).encode())
