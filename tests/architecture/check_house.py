#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house numbers: lengths of files and functions, numbers of parameters, first lines, folders.

Usage: check_house.py ROOT. Exit 1 and one line per break."""
import pathlib
import re
import sys

TOP = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "src", "include", "models", "tests", "samples", "docs", "build"}
MAX_LINES = {".cpp": 400, ".cu": 400, ".h": 250}
MAX_TEST_LINES = 500
MAX_MAIN_LINES = 60
MAX_FUNCTION_LINES = 60
MAX_PARAMETERS = 5
MAX_COMMAND_LINES = 80
MAX_COLUMNS = 120

CONTROL = ("if", "for", "while", "switch", "catch", "return", "else", "do", "namespace", "struct", "class", "enum")


def strip(text):
    """Comments and literals become blanks of the same length, so that braces and commas count."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    pattern = r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
    return re.sub(pattern, blank, text, flags=re.S)


def split_parameters(text):
    depth, count, seen = 0, 0, False
    for c in text:
        seen = seen or not c.isspace()
        depth += c in "(<[{"
        depth -= c in ")>]}"
        count += c == "," and depth == 0
    return count + 1 if seen else 0


def functions(code):
    """Yields (line, name, parameters, lines) of definitions at namespace or class level."""
    for match in re.finditer(r"^[ \t]{0,2}(?!\s)([^\n;{}#]*?[\w~>&*\]]\s*)\(", code, flags=re.M):
        head = match.group(1).strip()
        name = re.split(r"[\s*&]", head)[-1]
        if not head or head.split()[0] in CONTROL or name in CONTROL or "=" in head:
            continue
        begin = match.end()
        depth, end = 1, begin
        while end < len(code) and depth:
            depth += code[end] == "("
            depth -= code[end] == ")"
            end += 1
        rest = re.match(r"\s*(?:const|noexcept|override|final|\s)*(?:->[^{;]*)?(?::[^;{]*(?:\{[^{};]*\}[^;{]*)*)?\s*\{", code[end:])
        if not rest:
            continue
        body = end + rest.end()
        depth, close = 1, body
        while close < len(code) and depth:
            depth += code[close] == "{"
            depth -= code[close] == "}"
            close += 1
        line = code.count("\n", 0, match.start()) + 1
        yield line, name, split_parameters(code[begin:end - 1]), code.count("\n", match.start(), close) + 1


def check_file(path, root):
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    relative = path.relative_to(root)
    in_tests = relative.parts[0] == "tests"
    limit = MAX_TEST_LINES if in_tests else MAX_LINES[path.suffix]
    if path.name == "main.cpp":
        limit = MAX_MAIN_LINES
    if lines > limit:
        yield f"{relative}: {lines} lines, at most {limit}"
    if "SPDX-License-Identifier" not in text.split("\n", 1)[0]:
        yield f"{relative}: the first line is not the SPDX line"
    if path.suffix == ".h" and "#pragma once" not in text:
        yield f"{relative}: no #pragma once"
    if path.suffix == ".h" and re.search(r"^\s*using namespace", text, re.M):
        yield f"{relative}: using namespace in a header"
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_COLUMNS:
            yield f"{relative}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"
    for line, name, parameters, length in functions(strip(text)):
        test_body = in_tests and name == "TEST_CASE"
        if length > MAX_FUNCTION_LINES and not test_body:
            yield f"{relative}:{line}: {name} has {length} lines, at most {MAX_FUNCTION_LINES}"
        if parameters > MAX_PARAMETERS and not test_body:
            yield f"{relative}:{line}: {name} has {parameters} parameters, at most {MAX_PARAMETERS}"


def self_test():
    """The checker must see what it is for."""
    long = "int F(int a) {\n" + "  ++a;\n" * 70 + "}\n"
    wide = "void G(int a, std::map<int, int> b, int c, int d, int e, int f) {\n}\n"
    assert [row[3] for row in functions(long)] == [72], list(functions(long))
    assert [row[2] for row in functions(wide)] == [6], list(functions(wide))


def main(root):
    self_test()
    problems = []
    seen = 0
    for path in sorted(root.iterdir()):
        if path.name not in TOP and not path.name.startswith("."):
            problems.append(f"{path.name}: not one of the agreed names on the top level")
    for folder in ("src", "include", "tests"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in MAX_LINES:
                seen += 1
                problems += check_file(path, root)
    if seen < 50:
        problems.append(f"only {seen} files were read; is {root} the repository?")
    print("\n".join(problems) or f"{seen} files keep the house numbers")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
