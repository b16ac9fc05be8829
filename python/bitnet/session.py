"""Contexts of a language model, through the C interface of its library."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ContextFull, Error
from .library import MESSAGE_BYTES, Library

Ids = Sequence[int]

CONTEXT_FULL = 2
"""BITNET_CONTEXT_FULL"""


@dataclass(frozen=True)
class Sampling:
    """How the next id is drawn, applied in this order. The default is greedy."""

    repeat_penalty: float = 1.0
    """For ids that occurred; 1 is none."""
    temperature: float = 0.0
    """0: the best id, the lowest of equals."""
    top_k: int = 0
    """Only the k most probable ids; 0: all."""
    top_p: float = 1.0
    """Only the most probable ones that reach this together."""
    min_p: float = 0.0
    """Only ones this probable, relative to the best."""
    seed: int = 0


class CSampling(ctypes.Structure):
    """bitnet_sampling"""

    _fields_ = [
        ("repeat_penalty", ctypes.c_double),
        ("temperature", ctypes.c_double),
        ("top_k", ctypes.c_int64),
        ("top_p", ctypes.c_double),
        ("min_p", ctypes.c_double),
        ("seed", ctypes.c_uint64),
    ]


class CMessage(ctypes.Structure):
    """bitnet_message"""

    _fields_ = [("role", ctypes.c_char_p), ("content", ctypes.c_char_p)]


Message = Mapping[str, str]
"""With `role`: "system", "user" or "assistant"; and `content`."""


def to_messages(messages: Sequence[Message]) -> Any:
    """As the C interface takes them."""
    rows = []
    for message in messages:
        for key in ("role", "content"):
            text = message.get(key) if isinstance(message, Mapping) else None
            if not isinstance(text, str) or "\0" in text:
                raise Error(f"a message wants text as its {key!r}, not {text!r}")
        rows.append(
            CMessage(
                message["role"].encode(errors="replace"),
                message["content"].encode(errors="replace"),
            )
        )
    return (CMessage * len(rows))(*rows)


SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "create": (
        ctypes.c_void_p,
        [ctypes.c_int64, ctypes.c_int64, ctypes.c_char_p, ctypes.c_size_t],
    ),
    "fork": (
        ctypes.c_void_p,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t],
    ),
    "reset": (None, [ctypes.c_void_p]),
    "destroy": (None, [ctypes.c_void_p]),
    "feed": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]),
    "length": (ctypes.c_int64, [ctypes.c_void_p]),
    "logits": (
        ctypes.POINTER(ctypes.c_float),
        [ctypes.c_void_p, ctypes.c_int64, ctypes.POINTER(ctypes.c_int64)],
    ),
    "set_sampling": (None, [ctypes.c_void_p, ctypes.POINTER(CSampling)]),
    "read_chat": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.POINTER(CMessage), ctypes.c_size_t],
    ),
    "sample": (ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64)]),
    "error": (ctypes.c_char_p, [ctypes.c_void_p]),
}


class Session:
    """One context: what was fed stays, as keys and values that grow in place.

    With `batch`, so many contexts of one length side by side, none of which
    changes a bit of another. Sessions share the model's weights; each is for one
    thread at a time.
    """

    def __init__(self, library: Library, capacity: int = 0, batch: int = 1) -> None:
        """An empty one for at most `capacity` ids (0: as many as memory holds)."""
        self._library = library
        self.batch = batch
        self._own("create", batch, capacity)

    def _function(self, name: str) -> Any:
        function = self._library.function(f"bitnet_session_{name}")
        function.restype, function.argtypes = SIGNATURES[name]
        return function

    def _own(self, name: str, *arguments: Any) -> None:
        """Takes the new session that a function gives."""
        message = ctypes.create_string_buffer(MESSAGE_BYTES)
        handle = self._function(name)(*arguments, message, MESSAGE_BYTES)
        if not handle:
            raise Error(message.value.decode(errors="replace"))
        self._handle = handle
        finalizer = weakref.finalize(self, self._function("destroy"), handle)
        finalizer.atexit = False  # the process's end frees it

    def _check(self, code: int) -> None:
        if code:
            text = self._function("error")(self._handle).decode(errors="replace")
            raise ContextFull(text) if code == CONTEXT_FULL else Error(text)

    def __len__(self) -> int:
        """The number of ids that were fed."""
        return self._function("length")(self._handle)

    def reset(self) -> None:
        """Forgets the context."""
        self._function("reset")(self._handle)

    def fork(self) -> Session:
        """Another session with the same context, which goes its own way."""
        other = Session.__new__(Session)
        other._library = self._library
        other.batch = self.batch
        other._own("fork", self._handle)
        return other

    def feed(self, ids: Ids | Sequence[Ids]) -> None:
        """Appends ids to the context, [batch, count] to a batch of them. After an
        error it is as it was."""
        array = np.array(ids, np.int64)
        if self.batch == 1 and array.ndim == 1:
            array = array[None]
        if array.ndim != 2 or len(array) != self.batch or not array.size:
            one = "one or more ids are fed" + f" to each of {self.batch} contexts" * (
                self.batch > 1
            )
            raise Error(f"{one}, not an array of {np.shape(ids)}")
        count = array.shape[1]
        self._check(self._function("feed")(self._handle, array.ctypes.data, count))

    def read_chat(self, messages: Sequence[Message]) -> None:
        """Makes a conversation the context, as the model's chat template writes it,
        up to where the next reply begins.

        What the context has already is not computed again. Needs a library that
        was compiled with its tokenizer; no message has special tokens in it.
        """
        rows = to_messages(messages)
        self._check(self._function("read_chat")(self._handle, rows, len(rows)))

    def logits(self, sequence: int = 0) -> NDArray[np.float32]:
        """One for each id of the vocabulary, of what comes next in a context."""
        count = ctypes.c_int64()
        data = self._function("logits")(self._handle, sequence, ctypes.byref(count))
        if not data:
            raise Error("a session has logits after the first id")
        return np.ctypeslib.as_array(data, (count.value,)).copy()

    def set_sampling(self, sampling: Sampling) -> None:
        """How `sample` draws from now on."""
        values = CSampling(*astuple(sampling))
        self._function("set_sampling")(self._handle, ctypes.byref(values))

    def sample_all(self) -> list[int]:
        """The next id of each context, drawn but not fed."""
        drawn = (ctypes.c_int64 * self.batch)()
        self._check(self._function("sample")(self._handle, drawn))
        return list(drawn)

    def sample(self) -> int:
        """The next id of the first context, drawn but not fed."""
        return self.sample_all()[0]
