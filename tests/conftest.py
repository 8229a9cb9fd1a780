"""What the tests of several packages share."""

from __future__ import annotations

pytest_plugins = ["toy_plugin", "fake_models"]
