"""What the commands under *Know* do: the catalogue, devices, knowledge, publications."""
