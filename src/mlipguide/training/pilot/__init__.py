"""Small fits that tell what training on some labels would give."""
