"""Builds the manual: the pages of docs/, the README as its first page, and the reference, as a site.

usage: build.py MKDOCS OUTPUT

MKDOCS is the program, OUTPUT a folder for what is made: OUTPUT/site/index.html opens in a browser, without a server.
Fails for a link that leads nowhere and for a public name without a comment.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

import reference

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# The pages in reading order: title of a part, and its pages as they are named in the site.
PARTS = {
    "Start": ["index", "installation", "tutorial", "examples"],
    "Guides": ["tape", "extending", "data", "training", "minimize", "fast_models", "debugging"],
    "Background": ["design", "note", "operations", "performance", "accuracy", "experiments", "figures", "glossary", "faq"],
    "Project": ["contributing", "changelog"],
}
ELSEWHERE = {"README.md": "index", "CONTRIBUTING.md": "contributing", "CHANGELOG.md": "changelog"}


def installed_headers():
    """The headers that meson.build of each folder installs."""
    for folder in ("autodiff", "nn", "optim"):
        text = (ROOT / folder / "meson.build").read_text()
        for variable in ("units", "headers_alone"):
            names = re.search(rf"^{variable} = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)[1]
            yield from (f"{folder}/{name}.hpp" for name in re.findall(r"'([^']+)'", names) if "/detail/" not in name)


class Links:
    """Where a link of a file of the repository leads in the site."""

    def __init__(self, headers):
        self.headers = headers
        self.sources = set()  # files that are linked to and are no pages: shown as they are

    def target(self, path):
        """The page that shows a file of the repository, or None."""
        name = path.as_posix()
        if name in ELSEWHERE:
            return f"{ELSEWHERE[name]}.md"
        if name.startswith("docs/"):
            return name.removeprefix("docs/")
        if name in self.headers:
            return f"reference/{name.removesuffix('.hpp')}.md"
        if (ROOT / path).is_file():
            self.sources.add(path)
            return f"source/{name}.md"
        return None

    def rewrite(self, text, file, page):
        """The text of a file of the repository with the links of a page of the site."""

        def link(found):
            address, anchor = found[2], found[3] or ""
            if re.match(r"\w+:", address):
                return found[0]
            path = pathlib.Path(os.path.normpath(pathlib.Path(file).parent / address))
            if not (ROOT / path).exists():
                raise SystemExit(f"{file}: the link to {address} leads nowhere")
            target = self.target(path)
            if target is None:
                return found[1]  # a folder: its name without a link
            start = os.path.relpath(target, pathlib.Path(page).parent)
            return f"[{found[1]}]({start}{anchor if target.endswith('.md') and not target.startswith('source') else ''})"

        parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
        for i in range(0, len(parts), 2):
            parts[i] = re.sub(r"\[([^\[\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)", link, parts[i])
        return "".join(parts)


def navigation(pages, headers):
    lines = ["nav:"]
    for title, names in PARTS.items():
        lines.append(f"  - {title}:")
        lines += [f"      - {name}.md" for name in names if name in pages]
    lines.append("  - Reference:")
    for folder in sorted({str(pathlib.Path(header).parent) for header in headers}):
        lines.append(f"      - {folder}:")
        for header in sorted(header for header in headers if str(pathlib.Path(header).parent) == folder):
            lines.append(f"          - {pathlib.Path(header).name}: reference/{header.removesuffix('.hpp')}.md")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mkdocs")
    parser.add_argument("output", type=pathlib.Path)
    arguments = parser.parse_args()
    output = arguments.output.resolve()
    pages_folder = output / "pages"
    shutil.rmtree(pages_folder, ignore_errors=True)
    shutil.rmtree(output / "doxygen", ignore_errors=True)
    (output / "doxygen").mkdir(parents=True)

    headers = sorted(installed_headers())
    configuration = (ROOT / "docs/tools/Doxyfile").read_text() + f"OUTPUT_DIRECTORY = {output / 'doxygen'}\n"
    subprocess.run(["doxygen", "-"], input=configuration, cwd=ROOT, text=True, check=True, stderr=subprocess.DEVNULL)
    described = reference.pages(output / "doxygen/xml", headers)
    faults = [fault for page in described.values() for fault in page.undocumented()]

    files = {f"docs/{file.name}": file.stem for file in (ROOT / "docs").glob("*.md")} | ELSEWHERE
    unlisted = set(files.values()) - {name for names in PARTS.values() for name in names}
    faults += [f"docs/tools/build.py: PARTS lacks the page {name}" for name in sorted(unlisted)]
    if faults:
        sys.exit("\n".join(faults))

    links = Links(set(headers))
    written = {}
    for file, name in files.items():
        written[f"{name}.md"] = links.rewrite((ROOT / file).read_text(), file, f"{name}.md")
    for header, page in described.items():
        written[f"reference/{header.removesuffix('.hpp')}.md"] = page.text()
    for path in links.sources:
        if path.suffix in (".svg", ".png"):
            continue
        language = {".py": "python", ".build": "meson", ".md": "markdown"}.get(path.suffix, "cpp")
        written[f"source/{path.as_posix()}.md"] = f"# {path}\n\n````{language}\n{(ROOT / path).read_text()}\n````\n"
    for name, text in written.items():
        target = pages_folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    shutil.copytree(ROOT / "docs/figures", pages_folder / "figures")
    (pages_folder / "assets").mkdir()
    shutil.copy(ROOT / "docs/tools/iframe-worker.js", pages_folder / "assets")

    settings = (ROOT / "docs/tools/mkdocs.yml").read_text() + navigation(set(files.values()), headers)
    (output / "mkdocs.yml").write_text(settings)
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    # Not --quiet, which would hide warnings from --strict.
    command = [arguments.mkdocs, "build", "--strict", "-f", output / "mkdocs.yml"]
    built = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        sys.exit(built.stderr)
    print(f"{len(written)} pages: {output / 'site/index.html'}")


if __name__ == "__main__":
    main()
