"""Rules about how a Postfix is set up: what would make the list not work."""
