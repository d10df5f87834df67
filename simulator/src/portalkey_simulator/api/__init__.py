"""What programs meet: HubSpot's endpoints."""
