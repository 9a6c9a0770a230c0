"""The streams, one file each: steps in order, everything they need as arguments."""
