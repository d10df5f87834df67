"""The web face without a framework: request value in, response value out."""
