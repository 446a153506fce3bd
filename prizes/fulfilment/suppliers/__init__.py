"""Those outside who deliver: how they are called, and how they call back."""
