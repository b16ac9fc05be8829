# RUN: %pytest -s %s --junitxml=%t.pytest.xml
"""Small: no file over 800 lines, no function over 70; prints how small."""

import ast
import re
import statistics

from tree import files, report, text

FILE_LIMIT, FUNCTION_LIMIT, PARAMETER_LIMIT = 800, 70, 5
"""Four parameters, and an options struct or an output."""
CPP = (".cpp", ".h")
SOURCES = (*CPP, ".td", ".def", ".mlir", ".py", ".test", ".cmake", "CMakeLists.txt")

NOISE = re.compile(
    r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*(?:.|\n)*?\*/'
)


def blanked(source):
    """C++ without strings, comments and directives, lines kept."""
    source = NOISE.sub(lambda m: "\n" * m[0].count("\n"), source)
    return re.sub(
        r"^\s*#(?:[^\n]*\\\n)*[^\n]*",
        lambda m: "\n" * m[0].count("\n"),
        source,
        flags=re.MULTILINE,
    )


def cpp_functions(source):
    """(first line, lines) of each function; lambdas belong to theirs."""
    open_blocks, head, head_line, line = [], "", 1, 1
    for char in blanked(source):
        line += char == "\n"
        if char == "{":
            outer = all(kind == "scope" for kind, _ in open_blocks)
            is_function = outer and ")" in head and not re.search(r"=\s*$", head)
            open_blocks.append(
                (
                    (
                        "function"
                        if is_function
                        else "scope" if is_scope(head) else "block"
                    ),
                    head_line,
                )
            )
        elif char == "}" and open_blocks:
            kind, start = open_blocks.pop()
            if kind == "function":
                yield start, line - start + 1
        if char in "{};":
            head = ""
        elif head or not char.isspace():
            head_line = head_line if head else line
            head += char


def is_scope(head):
    return re.search(r"\b(namespace|class|struct|union|extern)\b", head) is not None


def python_functions(source):
    """(first line, lines) of each function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def functions():
    """(file:line, lines) of each function of the project."""
    for path in files(*CPP, ".py"):
        find = python_functions if path.suffix == ".py" else cpp_functions
        for line, length in find(text(path)):
            yield f"{path}:{line}", length


def summary(what, lengths):
    if len(lengths) > 1:
        p90 = statistics.quantiles(lengths, n=10)[-1]
        median = statistics.median(lengths)
        print(f"{what}: median {median:.0f}, p90 {p90:.0f}, longest {max(lengths)}")


def test_files_are_short():
    lengths = {path: text(path).count("\n") for path in files(*SOURCES)}
    summary(
        "C++ files",
        [
            n
            for path, n in lengths.items()
            if path.suffix in CPP and "test" not in path.parts
        ],
    )
    report(
        f"{path}:{n}: {n} lines, the limit is {FILE_LIMIT}"
        for path, n in lengths.items()
        if n > FILE_LIMIT
    )


def test_functions_are_short():
    lengths = dict(functions())
    summary("functions", list(lengths.values()))
    report(
        f"{place}: {n} lines, the limit is {FUNCTION_LIMIT}"
        for place, n in lengths.items()
        if n > FUNCTION_LIMIT
    )


def test_cmake_lists_are_short():
    limits = {
        path: 100 if len(path.parts) == 1 else 60 for path in files("CMakeLists.txt")
    }
    report(
        f"{path}:1: {text(path).count(chr(10))} lines, the limit is {limit}"
        for path, limit in limits.items()
        if text(path).count("\n") > limit
    )


def test_readme_is_short():
    report(
        f"{path}:1: README has {text(path).count(chr(10))} lines, the limit is 150"
        for path in files("README.md")
        if text(path).count("\n") > 150
    )


def test_counts_functions_right():
    """The counter above, on a small program."""
    source = """namespace a {
struct S {
  int f(int x) const {
    if (x) {
      return '{';
    }
    return 1;
  }
};
// g() {
static int table[] = {1, 2};
int g() { return [] { return 1; }(); }
} // namespace a
"""
    assert list(cpp_functions(source)) == [(3, 6), (12, 1)]
