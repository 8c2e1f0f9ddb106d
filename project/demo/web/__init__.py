"""Photo Print: a made-up shop, and a real OAuth client that runs on a server."""
