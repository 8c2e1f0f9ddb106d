"""This project, as the load meets it."""
