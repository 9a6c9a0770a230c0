"""The nouns: frozen, without input or output and without a clock."""
