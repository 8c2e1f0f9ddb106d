"""The rules: plain Python without Django, clock or randomness."""
