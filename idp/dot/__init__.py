"""The only door to the toolkit and to oauthlib."""
