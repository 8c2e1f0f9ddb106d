"""Side by side with the plain toolkit, in one run: ``python -m benchmarks``."""
