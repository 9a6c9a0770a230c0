"""Rules about the certificate that a mail server presents: its chain, its dates and its names."""
