"""What the commands under *Set up* do: environments and their bundles, task files, shared measurements, a diagnosis."""
