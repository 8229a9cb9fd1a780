"""The facts that the parts of mlipguide hand to each other: frozen dataclasses and enums, hardly any code."""
