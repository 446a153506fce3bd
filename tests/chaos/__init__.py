"""Real processes killed under load, then every promise checked: `python -m tests.chaos --kills 50`."""
