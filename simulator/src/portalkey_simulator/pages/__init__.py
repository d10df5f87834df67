"""HubSpot's pages, which people see."""
