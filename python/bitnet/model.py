"""A compiled model as an object: run it, or let it continue text."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from numpy.typing import NDArray

from .errors import Error
from .library import MESSAGE_BYTES, Library, Port
from .session import Ids, Message, Sampling, Session, to_messages


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

    def session(self, capacity: int = 0, batch: int = 1) -> Session:
        """A new, empty context of a language model, for at most `capacity` ids
        (0: as many as memory holds), or `batch` of them side by side."""
        return Session(self._library, capacity, batch)

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
        ids = self._need_tokenizer().encode(text).ids
        new = self.stream_ids(ids, max_new_tokens, sampling=sampling, stop=stop)
        yield from self._show(new, ids)

    def _show(self, ids: Iterable[int], before: list[int]) -> Iterator[str]:
        """The text of ids that stand behind others, in whole characters."""
        tokenizer = self._need_tokenizer()
        # Imported here: the package is optional.
        from tokenizers.decoders import DecodeStream

        decoder = DecodeStream(ids=before, skip_special_tokens=True)
        waiting: list[int] = []
        for new in ids:
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

    def chat_text(self, messages: Sequence[Message]) -> str:
        """What the model's chat template makes of a conversation, up to where the
        next reply begins."""
        function = self._library.function("bitnet_chat_text")
        function.restype = ctypes.c_int64
        rows = to_messages(messages)
        message = ctypes.create_string_buffer(MESSAGE_BYTES)
        size = ctypes.c_size_t(0)
        text = ctypes.create_string_buffer(1)
        for _ in range(2):  # how long it is, then what it is
            text = ctypes.create_string_buffer(size.value + 1)
            length = function(
                rows,
                ctypes.c_size_t(len(rows)),
                text,
                ctypes.c_size_t(len(text)),
                message,
                ctypes.c_size_t(MESSAGE_BYTES),
            )
            if length < 0:
                raise Error(message.value.decode(errors="replace"))
            size = ctypes.c_size_t(length)
        return text.value.decode()

    def chat(
        self,
        messages: Sequence[Message],
        max_new_tokens: int = 512,
        *,
        sampling: Sampling = Sampling(),
        session: Session | None = None,
    ) -> Iterator[str]:
        """The reply to a conversation, in pieces of whole characters.

        messages = [{"role": "user", "content": "Who are you?"}]
        print("".join(m.chat(messages)))

        With a `session` that has read the beginning of the conversation, only
        what is new is read.
        """
        session = self.session() if session is None else session
        session.set_sampling(sampling)
        session.read_chat(messages)
        ends = self._library.function("bitnet_ends_turn")

        def draw() -> Iterator[int]:
            for left in range(max_new_tokens, 0, -1):
                new = session.sample()
                if ends(ctypes.c_int64(new)) or new in self.stop_ids:
                    return
                yield new
                if left > 1:
                    session.feed([new])

        return self._show(draw(), [])

    def generate_all(
        self,
        prompts: Sequence[str] | Sequence[Ids],
        max_new_tokens: int = 64,
        *,
        stop: Iterable[int] | None = None,
    ) -> list[str] | list[list[int]]:
        """Continues each text with text, or ids with ids, greedily: what `generate`
        says of each alone. Prompts of as many ids are read side by side."""
        texts = [prompt for prompt in prompts if isinstance(prompt, str)]
        if not texts:
            return self._continue_all(list(prompts), max_new_tokens, stop)
        encoded = [self._need_tokenizer().encode(text).ids for text in texts]
        continued = self._continue_all(encoded, max_new_tokens, stop)
        pairs = zip(encoded, continued)
        return ["".join(self._show(new, ids)) for ids, new in pairs]

    def _continue_all(
        self, prompts: Sequence[Any], count: int, stop: Iterable[int] | None
    ) -> list[list[int]]:
        """The ids that follow each list of ids."""
        stops = self.stop_ids if stop is None else frozenset(stop)
        found: list[list[int]] = [[] for _ in prompts]
        for length in {len(ids): None for ids in prompts}:
            rows = [i for i, ids in enumerate(prompts) if len(ids) == length]
            session = self.session(batch=len(rows))
            session.feed([prompts[i] for i in rows])
            going = set(rows)
            for left in range(count, 0, -1):
                new = session.sample_all()
                for i, one in zip(rows, new):
                    if one in stops:
                        going.discard(i)
                    if i in going:
                        found[i].append(one)
                if not going or left == 1:
                    break
                # What has ended is fed, too: it changes nothing of the others.
                session.feed([[one] for one in new])
        return found

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
