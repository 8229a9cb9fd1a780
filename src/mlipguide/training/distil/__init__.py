"""A fast student model fitted to the labels of a slow teacher."""
