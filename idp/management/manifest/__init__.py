"""The file that describes a site's catalogue and clients: read, applied and written."""
