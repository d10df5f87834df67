"""A local HubSpot, for demos and tests. It imports nothing of portalkey but its own folder."""
