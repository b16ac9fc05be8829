"""Text to token ids and back, with a Hugging Face tokenizer.json.

python3 -m bitnet.decode TOKENIZER encode TEXT   # prints comma-separated ids
python3 -m bitnet.decode TOKENIZER decode IDS    # prints the text
"""

import sys

from tokenizers import Tokenizer


def encode(tokenizer: Tokenizer, text: str) -> str:
    """The ids of a text, comma-separated."""
    return ",".join(str(i) for i in tokenizer.encode(text).ids)


def decode(tokenizer: Tokenizer, ids: str) -> str:
    """The text of comma-separated ids."""
    return tokenizer.decode([int(i) for i in ids.split(",") if i.strip()])


def main(arguments: list[str]) -> int:
    """Runs the command line; returns its exit status."""
    actions = {"encode": encode, "decode": decode}
    if len(arguments) != 3 or arguments[1] not in actions:
        print(__doc__, file=sys.stderr)
        return 2
    path, action, text = arguments
    print(actions[action](Tokenizer.from_file(path), text))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
