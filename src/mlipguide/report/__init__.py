"""Results turned into terminal pages and JSON. Nothing is computed here."""
