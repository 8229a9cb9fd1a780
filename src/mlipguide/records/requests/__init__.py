"""What can be asked of each command: one dataclass for each, whose fields are its options.

A field is defined once. It is an option of the command line, a keyword of the function of the same name in Python, and
for ``recommend`` a key of a task file. Nothing heavy is imported here: ``mlipguide --help`` reads these.
"""
