"""The only place that runs gpg and gpgv: python-gnupg signs in a child with a deadline, gpgv decides."""
