"""The programs of mail servers; the only room that runs them."""
