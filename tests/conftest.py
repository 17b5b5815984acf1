"""Fixtures for all tests. The data directory and the settings are set in tests/settings.py."""
