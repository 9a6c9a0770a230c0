"""STARTTLS policy lists."""
