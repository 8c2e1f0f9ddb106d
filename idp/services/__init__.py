"""What is done: one function, one change, with its event."""
