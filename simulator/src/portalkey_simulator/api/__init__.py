"""HubSpot's endpoints, which programs call."""
