"""The fixtures are those the library gives its users."""

pytest_plugins = ["fuota_constructs.local.testing"]
