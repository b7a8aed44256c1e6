"""The web part: what people, HubSpot and the controller's own staff reach over HTTP. It decides nothing."""
