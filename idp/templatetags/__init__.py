"""Template tags of the pages that people see."""
