"""A mini-internet in a namespace of its own: names with DNSSEC, mail servers of every character, HTTPS."""
