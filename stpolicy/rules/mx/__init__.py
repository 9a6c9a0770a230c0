"""Rules about the mail servers that DNS names: the records, the names, and whether anybody is there."""
