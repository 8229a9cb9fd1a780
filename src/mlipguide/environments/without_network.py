"""What to do where packages or weights cannot be fetched: which command makes the file that is missing."""

from __future__ import annotations

from mlipguide.environments.bundles.targets import this_platform
from mlipguide.records.hardware.environment import Recipe


def how_to_pack(recipe: Recipe, release: str, torch_build: str) -> str:
    """Return how an environment is built on a machine without network, in two sentences.

    Args:
        recipe: Of the environment.
        release: Feature release of its Python.
        torch_build: Name of its build of torch.
    """
    torch = "" if recipe.torch is None else f" --torch {torch_build}"
    return (
        f"Without a network: where there is one, mlipguide env pack {recipe.backend} --python {release} --platform "
        f"{this_platform()}{torch} -o bundle.tar; copy bundle.tar here, then mlipguide env build --from bundle.tar."
    )
