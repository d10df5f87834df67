"""A Django site with what a widespread template brings: allauth, WhiteNoise, and https."""
