"""Every way in: HTTP, worker, command line. It composes the rest and decides nothing."""
