"""What we say to HubSpot and what it says back. No I/O, no clock, no environment."""
