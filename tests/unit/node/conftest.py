"""The fixtures of the node's tests, which stand in two folders."""

from tests.unit.node.node_fixtures import play, world

__all__ = ["play", "world"]
