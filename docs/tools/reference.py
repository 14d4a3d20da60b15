"""The reference: one Markdown page for each installed header, made of what Doxygen read in it.

A page has a heading for each name that the header declares, the declarations under it, and what their comments say. A
public name without a comment is a fault; of several overloads one comment is enough.
"""

import pathlib
import re
import xml.etree.ElementTree as ElementTree

# Members that are what they are in every class.
UNREMARKABLE = re.compile(r"^(operator\W+|operator \w+|~\w+)$")


def text_of(node):
    """The Markdown of a description."""
    out = node.text or ""
    for child in node:
        inner = text_of(child)
        match child.tag:
            case "para":
                out += inner.strip() + "\n\n"
            case "computeroutput":
                out += f"`{inner}`"
            case "emphasis":
                out += f"*{inner}*"
            case "bold":
                out += f"**{inner}**"
            case "itemizedlist" | "orderedlist":
                out = out.rstrip() + "\n\n" + inner + "\n"
            case "listitem":
                out += "- " + inner.strip().replace("\n", "\n    ") + "\n"
            case "verbatim" | "preformatted" | "programlisting":
                out = out.rstrip() + "\n\n```cpp\n" + inner.strip("\n") + "\n```\n\n"
            case "codeline":
                out += inner + "\n"
            case "sp":
                out += " "
            case "ndash" | "mdash":
                out += "-"
            case _:
                out += inner
        out += child.tail or ""
    return out


def description(member):
    """What the comment of a declaration says."""
    parts = (member.find("briefdescription"), member.find("detaileddescription"))
    return "\n\n".join(text for part in parts if part is not None and (text := text_of(part).strip()))


def plain(node):
    return re.sub(r"\s+", " ", "".join(node.itertext())).strip() if node is not None else ""


def template_head(declared):
    """The line `template <...>` of a declaration; empty if it is no template."""
    template = declared.find("templateparamlist")
    if template is None:
        return ""
    parameters = []
    for each in template.findall("param"):
        words = [plain(each.find("type")), plain(each.find("declname"))]
        text = " ".join(word for word in words if word)
        if (default := plain(each.find("defval"))) != "":
            text += f" = {default}"
        parameters.append(text)
    return f"template <{', '.join(parameters)}>\n"


def declaration(member):
    """A declaration as C++."""
    kind, name = member.get("kind"), plain(member.find("name"))
    kept = plain(member.find("type")).replace("XGRAD_API ", "").replace("XGRAD_API", "").strip()
    arguments = plain(member.find("argsstring"))
    if kind == "typedef":
        text = plain(member.find("definition"))
        text = re.sub(r"xgrad::(?:\w+::)*(\w+ =)", r"\1", text)
    elif kind == "enum":
        values = ", ".join(plain(value.find("name")) for value in member.findall("enumvalue"))
        text = f"enum class {name} {{ {values} }}"
    elif kind == "concept":
        text = plain(member.find("initializer")) or f"concept {name}"
    elif kind == "variable":
        text = f"{kept} {name} {plain(member.find('initializer'))}".strip()
    else:
        text = f"{kept} {name}{arguments}".strip()
    text = re.sub(r"\s*([<>])\s*", r"\1", text) if kind != "concept" else text
    text = re.sub(r">(?=[\w&])", "> ", text).replace(" &", "&")
    return template_head(member) + text + ("" if text.endswith(";") else ";")


class Page:
    """What one header declares."""

    def __init__(self, header):
        self.header = header
        self.purpose = ""
        self.names = {}  # by name: line, declarations, descriptions

    def add(self, name, line, code, text):
        entry = self.names.setdefault(name, {"line": line, "code": [], "text": []})
        entry["line"] = min(entry["line"], line)
        if code not in entry["code"]:
            entry["code"].append(code)
        if text and text not in entry["text"]:
            entry["text"].append(text)

    def undocumented(self):
        for name, entry in self.names.items():
            if not entry["text"] and not UNREMARKABLE.match(name.rpartition("::")[2]):
                yield f"{self.header}:{entry['line']}: {name} has no comment"

    def text(self):
        lines = [f"# {self.header}", "", f"`#include <{self.header}>`", "", self.purpose, ""]
        for name, entry in sorted(self.names.items(), key=lambda item: item[1]["line"]):
            if not entry["text"]:
                continue
            lines += [f"## {name}" if "::" not in name else f"### {name}", "", "```cpp", *entry["code"], "```", ""]
            lines += ["\n\n".join(entry["text"]), ""]
        return "\n".join(lines)


def compounds(folder):
    for file in sorted(folder.glob("*.xml")):
        if file.name.startswith(("namespace", "class", "struct", "concept")) or file.name.endswith("_8hpp.xml"):
            yield from ElementTree.parse(file).getroot().findall("compounddef")


def pages(folder, headers):
    """The pages of the headers, from Doxygen's XML in a folder."""
    result = {header: Page(header) for header in headers}
    for compound in compounds(folder):
        kind, location = compound.get("kind"), compound.find("location")
        file = location.get("file") if location is not None else None
        qualified = plain(compound.find("compoundname"))
        if "detail" in qualified or "kernels" in qualified or compound.get("prot", "public") != "public":
            continue
        short = re.sub(r"^xgrad::", "", qualified)
        if kind == "file":
            if file in result:
                result[file].purpose = description(compound)
            continue
        prefix = ""
        if kind in ("class", "struct", "concept") and file in result:
            name = short.rpartition("::")[2]
            code = declaration(compound) if kind == "concept" else f"{template_head(compound)}{kind} {name};"
            result[file].add(short, int(location.get("line")), code, description(compound))
            prefix = short + "::"
        elif kind == "namespace":
            inside = re.sub(r"^xgrad(::)?", "", qualified)
            prefix = inside + "::" if inside else ""
        for member in compound.iter("memberdef"):
            if member.get("prot") != "public" or member.get("kind") == "friend":
                continue
            at = member.find("location")
            name = plain(member.find("name"))
            if at is None or at.get("file") not in result or "detail::" in plain(member.find("definition")).split("(")[0]:
                continue
            if kind != "namespace" and name == short.rpartition("::")[2] and not description(member):
                continue  # a constructor that its class explains
            full = name if kind == "namespace" else prefix + name
            result[at.get("file")].add(full, int(at.get("line")), declaration(member), description(member))
    return result
