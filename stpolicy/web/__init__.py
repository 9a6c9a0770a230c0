"""The second door: the same flows over HTTP (extra `web`)."""
