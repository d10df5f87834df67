"""Helpers that know nothing of HubSpot: threads, forks, clocks, timings, spans."""
