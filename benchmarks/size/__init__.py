"""A site of the size that the provider is made for, its pages and its long work, measured."""
