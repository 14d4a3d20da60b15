"""Compiles and runs every ```cpp block of README.md and docs/*.md against the installed library.

A block with `int main` is a program. Any other is made into one: its types and functions are placed before main,
its statements in main, with xgrad's headers included and its namespace open.
A ```text block that follows, with only blank lines between, is the exact output.

Code that a page does not show is in comments directly before the block:
    <!-- cpp CODE -->      CODE comes first; it may have several lines
    <!-- continued -->     the block continues the one before it
"""

import re

from installed import ROOT, Failure, installation, report

HEADERS = ["autodiff/autodiff.hpp", "nn/nn.hpp", "optim/optim.hpp", "fmt/format.h", "iostream"]

DEFINES = re.compile(r"(template|struct|class|enum|union|namespace|using|concept|inline|static)\b")
CONTROLS = re.compile(r"(if|for|while|do|switch|try|else|catch|return)\b")
FUNCTION = re.compile(r"\)\s*(const|noexcept|->[^{]*)*\s*$")

# Not code: comments, strings and characters.
OPAQUE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blanked(code):
    """The code with its comments, strings and characters replaced by blanks of the same length."""
    return OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), code)


def items(code):
    """The positions [begin, end) of the statements and definitions at the top level of the code."""
    plain = blanked(code)
    begin, depth = 0, 0
    position = 0
    while position < len(plain):
        character = plain[position]
        position += 1
        if character == "#" and not plain[begin:position - 1].strip():
            end = plain.find("\n", position)
            position = len(plain) if end < 0 else end
        elif character in "([{":
            depth += 1
            continue
        elif character in ")]}":
            depth -= 1
            following = plain[position:].lstrip()[:1]
            if depth > 0 or character != "}" or following and following in ";,.()[{=+-*/<>?&|":
                continue
        elif character != ";" or depth > 0:
            continue
        yield begin, position
        begin = position
    if plain[begin:].strip():
        yield begin, len(plain)


def is_definition(item):
    """Whether an item belongs before main."""
    plain = blanked(item).strip()
    if plain.startswith("#") or DEFINES.match(plain):
        return True
    head = plain.partition("{")[0]
    outer = re.sub(r"\([^()]*\)", "()", head)  # default arguments are not assignments
    return (
        plain.endswith("}")
        and not CONTROLS.match(plain)
        and "=" not in outer
        and not outer.startswith("[")
        and FUNCTION.search(outer) is not None
    )


class Snippet:
    """The code of a program in parts, each with its line number in the page, and its output."""

    def __init__(self, page, line):
        self.page, self.line = page, line
        self.parts = []
        self.output = None

    def located(self, line, code):
        return f'#line {line} "{self.page}"\n{code.rstrip()}\n'

    def program(self):
        if any(re.search(r"\bint main\b", blanked(code)) for _, code in self.parts):
            return "".join(self.located(line, code) for line, code in self.parts)
        outside, inside = [], []
        for line, code in self.parts:
            for begin, end in items(code):
                begin += len(code[begin:end]) - len(code[begin:end].lstrip())
                text = self.located(line + code.count("\n", 0, begin), code[begin:end])
                (outside if is_definition(code[begin:end]) else inside).append(text)
        return "".join(
            [f"#include <{header}>\n" for header in HEADERS]
            + ["using namespace xgrad;\n", *outside, "int main() {\n", *inside, "}\n"]
        )


def snippets(page, text):
    """The snippets of a page."""
    found = []
    hidden, continued = [], False
    previous = None  # the snippet that a text block would belong to
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        fence = re.match(r"( *)(```+)\s*(\w*)", line)
        if fence:
            first = number
            while number < len(lines) and lines[number].strip() != fence[2]:
                number += 1
            body = "".join(body_line.removeprefix(fence[1]) + "\n" for body_line in lines[first:number])
            number += 1
            if fence[3] == "cpp":
                snippet = Snippet(page, first)
                if continued and found:
                    snippet.parts += found[-1].parts
                snippet.parts += [*hidden, (first + 1, body)]
                found.append(snippet)
                hidden, continued = [], False
                previous = snippet
                continue
            if fence[3] == "text" and previous:
                previous.output = body
        elif line.strip() == "<!-- continued -->":
            continued = True
        elif line.startswith("<!-- cpp"):
            first = number
            code = line.removeprefix("<!-- cpp")
            while "-->" not in code and number < len(lines):
                code += "\n" + lines[number]
                number += 1
            hidden.append((first, code.partition("-->")[0]))
        elif not line.strip():
            continue
        previous = None
    return found


def main():
    with installation() as (xgrad, folder):

        def test(snippet):
            name = f"{snippet.page.replace('/', '_')}_{snippet.line}"
            place = folder / name
            place.mkdir()
            source = place / f"{name}.cpp"
            source.write_text(snippet.program())
            output = xgrad.output(source, place / "program")
            if snippet.output is not None and output != snippet.output:
                raise Failure(f"expected the output on the page:\n{snippet.output}got:\n{output}")

        cases = {}
        for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]:
            if path.exists():
                page = str(path.relative_to(ROOT))
                for snippet in snippets(page, path.read_text()):
                    cases[f"{page}:{snippet.line}"] = snippet
        report(cases, test)


if __name__ == "__main__":
    main()
