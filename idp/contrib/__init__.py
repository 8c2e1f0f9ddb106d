"""For host sites: their APIs and their tests."""
