"""The toolkit as it comes, hardened by its own flags."""
