"""Small tokenizers of each kind, trained on the project's own texts, and random
strings that are hard for them."""

from __future__ import annotations

import json
import pathlib
import random
from collections.abc import Callable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models
from tokenizers import normalizers, pre_tokenizers, processors, trainers

from program import BUNDLED, ROOT

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*"
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
FOREIGN = [
    "naïve café, Straße und Übung; ça va? Ångström",
    "Съешь же ещё этих мягких французских булок",
    "私は日本語を勉強しています。東京は大きい。",
    "我们在学习汉语，今天天气很好。",
    "안녕하세요, 만나서 반갑습니다",
    "שלום עולם مرحبا بالعالم नमस्ते दुनिया",
    "😀🎉👩‍👩‍👧‍👦 🇩🇪 e\u0301 a\u0308 \u200d",
]
ADDED = [
    AddedToken("<|im_start|>", special=True, normalized=False),
    AddedToken("<|im|>", special=True, normalized=False),
    AddedToken("<mask>", special=True, lstrip=True, normalized=False),
    AddedToken("<sep>", rstrip=True, normalized=False),
    AddedToken("<both>", lstrip=True, rstrip=True, normalized=True),
    AddedToken("word", single_word=True, normalized=False),
    AddedToken("wor ld", single_word=True, normalized=True),
    AddedToken("  ", rstrip=False, normalized=False),
    AddedToken("ünï", normalized=True),
    AddedToken("a", single_word=True, lstrip=True, normalized=True),
]


def corpus() -> list[str]:
    paths = [*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("lib/*/*.cpp")]
    return [path.read_text() for path in sorted(paths)] + FOREIGN * 8


def train(tokenizer: Tokenizer, size: int, special: list[str], bytewise: bool) -> None:
    alphabet = pre_tokenizers.ByteLevel.alphabet() if bytewise else []
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer)


def gpt2() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, 1500, ["<|endoftext|>"], True)
    return tokenizer


def split_by(pattern: str, behavior: str = "isolated") -> pre_tokenizers.PreTokenizer:
    bytewise = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), behavior), bytewise]
    )


def llama3(pattern: str = LLAMA3) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = split_by(pattern)
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, 1800, [], True)
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>"])
    tokenizer.add_special_tokens([f"<|reserved_special_{i}|>" for i in range(64)])
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    template = processors.TemplateProcessing(
        single="<|begin_of_text|> $A",
        pair="<|begin_of_text|> $A <|begin_of_text|> $B",
        special_tokens=[("<|begin_of_text|>", begin)],
    )
    tokenizer.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=False), template]
    )
    return tokenizer


def falcon() -> Tokenizer:
    """Cuts after its bytes were mapped, too."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, 1500, ["<|endoftext|>"], True)
    return tokenizer


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def plain_bytes(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer with byte tokens as ordinary ones, as Llama has them."""
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if t["id"] < 3]
    return Tokenizer.from_str(json.dumps(data))


def llama2() -> Tokenizer:
    tokenizer = Tokenizer(
        models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    # Words, while it is trained: whole files as words take long.
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    train(tokenizer, 1500, ["<unk>", "<s>", "</s>", *BYTES], False)
    tokenizer.pre_tokenizer = None  # type: ignore[assignment]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> <s> $B",
        special_tokens=[("<s>", 1), ("</s>", 2)],
    )
    return plain_bytes(tokenizer)


def metaspace(scheme: str, split: bool) -> Tokenizer:
    """Unknown characters are tokens of their own."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=split))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme)
    train(tokenizer, 900, ["<unk>", "<s>", "</s>"], False)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        prepend_scheme=scheme, split=split
    )
    return tokenizer


def gaps() -> Tokenizer:
    """Some bytes are missing, others have no token for unknown ones."""
    data = json.loads(llama2().to_str())
    vocabulary = data["model"]["vocab"]
    for byte in range(0x80, 0x100, 3):
        del vocabulary[f"<0x{byte:02X}>"]
    data["model"]["vocab"] = {text: i for i, text in enumerate(vocabulary)}
    data["model"]["fuse_unk"] = False
    data["decoder"] = None
    return Tokenizer.from_str(json.dumps(data))


def with_added(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.add_tokens(ADDED)
    return Tokenizer.from_str(tokenizer.to_str())


def bundled() -> Tokenizer:
    return Tokenizer.from_file(str(BUNDLED / "austen" / "tokenizer.json"))


KINDS: dict[str, Callable[[], Tokenizer]] = {
    "austen": bundled,
    "falcon": falcon,
    "gaps": gaps,
    "gpt2": gpt2,
    "gpt2-added": lambda: with_added(gpt2()),
    "llama2": llama2,
    "llama2-added": lambda: with_added(llama2()),
    "llama3": llama3,
    "llama3-added": lambda: with_added(llama3()),
    "metaspace": lambda: with_added(metaspace("always", True)),
    "metaspace-first": lambda: with_added(metaspace("first", False)),
    "metaspace-never": lambda: metaspace("never", False),
    "o200k": lambda: llama3(O200K),
}

# ---------------------------------------------------------------------------
# Random strings
# ---------------------------------------------------------------------------

SPACES = [
    " ",
    " ",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "\u180e",
    "\u3000",
    "\u0085",
]
CONTRACTIONS = ["'s", "'T", "'re", "'VE", "'m", "'ll", "'d", "\u2019s", "'ſ", "'K"]
RANGES = [
    (0x20, 0x7F),
    (0x20, 0x7F),
    (0x80, 0x250),
    (0x250, 0xD800),
    (0xE000, 0x10000),
    (0x10000, 0x32400),
    (0x1F300, 0x1FB00),
    (0x300, 0x370),
    (0x10000, 0x110000),
]
WORDS = [word for text in corpus() for word in text.split()]

Rng = random.Random


def any_text(rng: Rng) -> str:
    low, high = rng.choice(RANGES)
    return "".join(chr(rng.randrange(low, high)) for _ in range(rng.randint(1, 8)))


def long_word(rng: Rng) -> str:
    part = rng.choice([any_text(rng), rng.choice(WORDS), rng.choice(SPACES), "a"])
    return part * rng.randint(1, 300)


def digits(rng: Rng) -> str:
    return str(rng.randrange(10 ** rng.randint(1, 12)))


def added_text(rng: Rng) -> str:
    special = ["<|endoftext|>", "<s>", "</s>", "<unk>", "<|begin_of_text|>", "<0x41>"]
    return rng.choice([token.content for token in ADDED] + special)


PARTS: list[Callable[[Rng], str]] = [
    any_text,
    lambda rng: rng.choice(WORDS),
    lambda rng: " " + rng.choice(WORDS),
    lambda rng: rng.choice(SPACES) * rng.randint(1, 4),
    lambda rng: rng.choice(WORDS) + rng.choice(CONTRACTIONS),
    digits,
    added_text,
    added_text,
    lambda rng: rng.choice(FOREIGN)[rng.randrange(20) :],
]


def random_bytes(rng: Rng) -> bytes:
    """A string without NUL that may not be UTF-8."""
    parts = [rng.choice(PARTS)(rng) for _ in range(rng.randint(0, 12))]
    if rng.random() < 0.03:
        parts.append(long_word(rng))
    data = bytearray("".join(parts).encode())
    if rng.random() < 0.3:
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data) + 1)
            data[at : at + rng.randint(0, 2)] = rng.randbytes(rng.randint(0, 4))
    return bytes(data).replace(b"\0", b"")


def save(kind: str, folder: pathlib.Path) -> tuple[Tokenizer, pathlib.Path]:
    """A tokenizer and its file."""
    tokenizer = KINDS[kind]()
    path = folder / f"{kind}.json"
    path.write_text(tokenizer.to_str(), encoding="utf-8")
    return tokenizer, path
