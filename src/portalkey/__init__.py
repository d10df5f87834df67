"""Let the users of a Python web app connect their HubSpot account, and keep it working."""
