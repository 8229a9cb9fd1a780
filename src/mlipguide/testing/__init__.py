"""The public test kit: what a plug-in's tests and mlipguide's own stand on."""
