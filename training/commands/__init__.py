"""Commands of stream-train, thin: each calls the modules that do the work."""
