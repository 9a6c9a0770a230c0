"""Configuration of mail servers: a list to rows to text, one module a mail server."""
