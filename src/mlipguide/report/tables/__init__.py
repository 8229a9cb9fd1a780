"""Tables that pages share."""
