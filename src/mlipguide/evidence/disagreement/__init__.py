"""How far models are apart where no labels are."""
