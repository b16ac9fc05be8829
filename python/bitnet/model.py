"""A compiled model as an object: run it, or let it continue text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, overload

from numpy.typing import NDArray

from .errors import Error
from .library import Library, Port
from .session import Ids, Sampling, Session


class Model:
    """A compiled model. Threads may share it."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        tokenizer: str | os.PathLike[str] | None = None,
        stop_ids: Iterable[int] = (),
    ) -> None:
        """Loads what `bitnet-compile --emit=so` wrote.

        `tokenizer` is a Hugging Face tokenizer.json, for text in and text out;
        `stop_ids` end a generation.
        """
        self._library = Library(path)
        self.stop_ids = frozenset(stop_ids)
        self.tokenizer: Any = None
        if tokenizer is not None:
            self.tokenizer = load_tokenizer(tokenizer)
            self._check_vocabulary(tokenizer)

    @property
    def inputs(self) -> list[Port]:
        """What the model takes."""
        return list(self._library.inputs)

    @property
    def outputs(self) -> list[Port]:
        """What the model gives."""
        return list(self._library.outputs)

    def run(
        self, inputs: Mapping[str, Any] | None = None, **named: Any
    ) -> dict[str, NDArray[Any]]:
        """The outputs, by name, for these inputs: NumPy arrays, or what has DLPack.

        Dense inputs are not copied. Mask, positions and caches of a language
        model may be left out: ones, 0, 1, ..., and empty.
        """
        return self._library.run({**(inputs or {}), **named})

    def session(self, capacity: int = 0) -> Session:
        """A new, empty context of a language model, for at most `capacity` ids
        (0: as many as memory holds)."""
        return Session(self._library, capacity)

    def stream_ids(
        self,
        ids: Ids,
        max_new_tokens: int = 64,
        *,
        sampling: Sampling = Sampling(),
        stop: Iterable[int] | None = None,
    ) -> Iterator[int]:
        """The ids that follow, each as soon as it is known; greedily, unless
        `sampling` says otherwise.

        Ends before an id of `stop` (default: of `stop_ids`).
        """
        stops = self.stop_ids if stop is None else frozenset(stop)
        session = self.session()
        session.set_sampling(sampling)
        session.feed(ids)
        for left in range(max_new_tokens, 0, -1):
            new = session.sample()
            if new in stops:
                return
            yield new
            if left > 1:
                session.feed([new])

    def stream(
        self,
        text: str,
        max_new_tokens: int = 64,
        *,
        sampling: Sampling = Sampling(),
        stop: Iterable[int] | None = None,
    ) -> Iterator[str]:
        """The text that follows, in pieces of whole characters."""
        tokenizer = self._need_tokenizer()
        # Imported here: the package is optional.
        from tokenizers.decoders import DecodeStream

        ids = tokenizer.encode(text).ids
        decoder = DecodeStream(ids=ids, skip_special_tokens=True)
        waiting: list[int] = []
        for new in self.stream_ids(ids, max_new_tokens, sampling=sampling, stop=stop):
            waiting.append(new)
            piece = decoder.step(tokenizer, new)
            if piece is not None:
                waiting.clear()
                yield piece
        if waiting:  # the end cuts a character
            yield tokenizer.decode(waiting)

    @overload
    def generate(
        self,
        prompt: str,
        max_new_tokens: int = 64,
        *,
        sampling: Sampling = Sampling(),
        stop: Iterable[int] | None = None,
    ) -> str: ...

    @overload
    def generate(
        self,
        prompt: Ids,
        max_new_tokens: int = 64,
        *,
        sampling: Sampling = Sampling(),
        stop: Iterable[int] | None = None,
    ) -> list[int]: ...

    def generate(
        self,
        prompt: str | Ids,
        max_new_tokens: int = 64,
        *,
        sampling: Sampling = Sampling(),
        stop: Iterable[int] | None = None,
    ) -> str | list[int]:
        """Continues a text with text, or ids with ids; see stream_ids."""
        if isinstance(prompt, str):
            return "".join(
                self.stream(prompt, max_new_tokens, sampling=sampling, stop=stop)
            )
        return list(
            self.stream_ids(prompt, max_new_tokens, sampling=sampling, stop=stop)
        )

    def _check_vocabulary(self, path: str | os.PathLike[str]) -> None:
        """A model may know more ids than its tokenizer gives, but not fewer."""
        known = [port.dims[-1] for port in self.outputs if port.role == "logits"]
        entries = self.tokenizer.get_vocab_size()
        if known and isinstance(known[0], int) and entries > known[0]:
            raise Error(
                f"{path} has {entries} entries, the model knows {known[0]} ids: "
                "it is another model's tokenizer"
            )

    def _need_tokenizer(self) -> Any:
        if self.tokenizer is None:
            raise Error("text needs a tokenizer, and the model was loaded without one")
        return self.tokenizer


def load_tokenizer(path: str | os.PathLike[str]) -> Any:
    """A tokenizers.Tokenizer from a tokenizer.json."""
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise Error("text needs the package 'tokenizers': pip install tokenizers")
    try:
        return Tokenizer.from_file(os.fspath(path))
    except Exception as error:  # which is what the package raises
        raise Error(f"{path} is no tokenizer: {error}") from None
