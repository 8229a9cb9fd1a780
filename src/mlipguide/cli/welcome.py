"""What ``mlipguide`` shows without a command."""

WELCOME = """\
mlipguide says which machine-learning potential to run, from timings of your structure on your machine.
  mlipguide recommend --preset silicon           an answer for a built-in structure
  mlipguide recommend FILE.cif --interactive     the same for yours, question by question
  mlipguide explain                              what there is to know, with sources
All commands: mlipguide --help"""
