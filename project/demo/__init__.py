"""Demo content, and clients that are real OAuth clients: a web app, a single page, a service."""
