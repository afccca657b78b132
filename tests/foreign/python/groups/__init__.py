"""Groups of checks, each a module with `run(check)`."""
