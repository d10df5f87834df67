// A form that posts itself: coming from this page, not from HubSpot's, the host's session goes with it.
document.forms[0].requestSubmit();
