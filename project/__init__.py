"""The reference site: a complete provider around the ``idp`` app."""
