"""Network to observations. Looks, never judges."""
