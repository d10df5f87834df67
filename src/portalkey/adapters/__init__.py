"""A token where the app's HTTP client wants it; each module needs the library it is named for."""
