# RUN: %pytest %s --junitxml=%t.pytest.xml
"""Every op and pass is documented, with IR that a test runs."""

import re

from tree import files, ops, passes, report, text


def is_phrase(summary):
    """At least two words, no capital at the start unless a name, no period."""
    return (
        len(summary.split()) >= 2
        and not summary.endswith(".")
        and not re.match(r"[A-Z][a-z]+ ", summary)
    )


def test_summary_is_a_phrase():
    report(
        f"{r.place}: summary '{r['summary']}' is no phrase"
        for r in ops() + passes()
        if not is_phrase(r["summary"])
    )


def test_summary_is_not_the_name():
    def letters(words):
        return re.sub("[^a-z]", "", words.lower())

    report(
        f"{r.place}: summary '{r['summary']}' restates the name"
        for r in ops() + passes()
        if letters(r["summary"]) == letters(r.get("opName") or r["!name"])
    )


def test_description_says_something():
    report(
        f"{r.place}: {r['!name']} has {len(prose(r).split())} words of description"
        for r in ops() + passes()
        if len(prose(r).split()) < 4
    )


def prose(record):
    return re.sub(r"```.*?```", "", record["description"], flags=re.DOTALL)


def test_op_shows_ir():
    report(f"{r.place}: {r['!name']} shows no IR" for r in ops() if not r.blocks)


def test_pass_shows_before_and_after():
    """A colon ends the line; it may say more: `After, with option=value:`."""
    report(
        f"{p.place}: {p['!name']} needs '{word}:' and a block of IR"
        for p in passes()
        for word in ("Before", "After")
        if not re.search(rf"^ *{word}\b.*:\n *```mlir$", p["description"], re.MULTILINE)
    )


def normalized(ir):
    """Without comments, spaces and the names of values."""
    ir = re.sub(r"//.*", "", ir)
    return re.sub(r"%[\w#]+|\s", lambda m: "%" if m[0][0] == "%" else "", ir)


def test_example_is_in_a_test():
    tested = "".join(
        normalized(text(p)) for p in files(".mlir", under=["test/dialects"])
    )
    report(
        f"{r.place}: the example of {r['!name']} is in no test: {' '.join(part.split())[:60]}"
        for r in ops()
        for block in r.blocks
        for part in block.split("...")
        if normalized(part) not in tested
    )


def test_before_is_in_its_test():
    tests = [text(path) for path in files(".mlir", ".test", under=["test"])]
    report(
        f"{p.place}: the 'Before' of {p['!name']} is in no test of it"
        for p in passes()
        if not is_tested(p, tests)
    )


def is_tested(record, tests):
    parts = (
        [normalized(part) for part in record.blocks[0].split("...")]
        if record.blocks
        else []
    )
    own = [normalized(t) for t in tests if record["argument"] in t]
    return any(all(part in test for part in parts) for test in own)
