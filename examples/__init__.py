"""Examples that use only public interfaces."""
