"""Django's PostgreSQL with a pool that seldom asks; ``ENGINE = "project.postgresql"``."""
