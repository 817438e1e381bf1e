"""The fixtures are those the library gives its users, who name the module in pytest_plugins of their top conftest."""

from fuota_constructs.local.testing import fleet, fuota_cloud

__all__ = ["fleet", "fuota_cloud"]
