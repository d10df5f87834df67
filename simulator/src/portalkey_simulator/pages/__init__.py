"""What people meet: HubSpot's pages."""
