"""A result to text: one module a noun. Whoever calls writes it somewhere."""
