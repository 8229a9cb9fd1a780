"""What this machine is: processor, memory, graphics processors, limits in force, and what disturbs a timing.

Every parser is a pure function on text; everything read below ``/proc`` and ``/sys`` takes the root as an
argument, so that it can be tested on recorded trees. What is missing or forbidden is a fact in words, never
an error.
"""
