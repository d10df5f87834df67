"""The web side without a framework: request value in, response value out."""
