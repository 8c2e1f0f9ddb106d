"""What people and clients call over HTTP."""
