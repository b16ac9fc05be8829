"""Choices between spellings of one thing, drawn at random and written down."""

from __future__ import annotations

import random
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draw:
    """What is drawn for one model, from a seed; `fixed` says what must come."""

    def __init__(self, seed: str, fixed: dict[str, object] | None = None) -> None:
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(self.random.getrandbits(64))
        self.fixed = fixed or {}
        self.made: dict[str, object] = {}

    def pick(self, name: str, *choices: T) -> T:
        """One of the choices; the same for the same name."""
        if name not in self.made:
            wanted = self.fixed.get(name)
            drawn = self.random.choice(choices)
            self.made[name] = wanted if wanted in choices else drawn
        return self.made[name]

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.made.items())
