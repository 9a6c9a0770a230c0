"""Bytes to words and back: the one place where a list is read, and the one where it is written."""
