"""History of the tables, one revision a file; Alembic runs them."""
