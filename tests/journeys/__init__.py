"""Stories that read as sentences, told over HTTP to the real application on real engines."""
