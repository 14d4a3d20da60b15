"""Checks docs/note.md: every linked file exists and contains the name that the link shows.

usage: note.py
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "note.md"


def main():
    text = PAGE.read_text()
    links = re.findall(r"\[(`?)([^\]]+?)\1\]\(([^)#]+)\)", text)
    wrong = []
    named = 0
    for quote, name, target in links:
        path = (PAGE.parent / target).resolve()
        if not path.is_file():
            wrong.append(f"{target}: no such file")
        elif quote:
            named += 1
            if name.lower() not in path.read_text().lower():
                wrong.append(f"{target} does not contain `{name}`")
    for each in wrong:
        print(f"docs/note.md: {each}", file=sys.stderr)
    if named < 60:
        sys.exit(f"docs/note.md: expected at least 60 links with a name, got {named}")
    print(f"{len(links)} links, {named} of them with a name")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
