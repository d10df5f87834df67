"""What goes wrong on demand: a table of faults, rules for when, and how they are played."""
