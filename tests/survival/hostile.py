#!/usr/bin/env python3
"""Hostile texts through every output: `make FOLDER PICTURES` writes pictures, labels and a config that are called by
them; `check FOLDER` parses back what commands left there and gives the texts to them as arguments. Only Python's own
library is needed. Bytes that are not UTF-8 stand here as Python writes them, U+DC80 to U+DCFF."""
import csv
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

TEXTS = [
    "<script>touch('pwned')</script>",
    "\"double\" 'single' `touch pwned` $(touch pwned)",
    "'; system('touch pwned'); '",
    "line one\nline two",
    "carriage\rreturn\ttab",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\u009b31m eight-bit escape",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1,1)",
    "comma, semicolon; | pipe || pipe",
    "\\input{/etc/passwd} \\write18{touch pwned} $x^2$ %comment",
    "{/Symbol a}_b^c@d&{e} ~f",
    "</text><svg onload='x'>&amp;&#60;",
    "[link](javascript:x) ![image](x) **bold** # head",
    "\u202egnp.exe \u2066x\u2069 \ufeff",
    "日本語 🐈 é e\u0301",
    "%s %n %d %%",
    "{{7*7}} ${jndi:x} #{x}",
    " leading and trailing ",
    "key: [yaml, {a: b}] - !!python/object",
    "caf\udce9 \udcff\udcfe Latin-1",
    "\udc9b31m raw eight-bit escape",
    "overlong \udcc0\udcaf, surrogate \udced\udca0\udc80, beyond \udcf4\udc90\udc80\udc80",
    "cut in two \udce6\udc97",
]
LONG = "64 KiB <b>\udcff日" * 4096
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def label(index):
    """A label is one plain name: no slash, nothing below a blank, at most 64 bytes; all else is refused."""
    text = re.sub("[\x00-\x1f\x7f\udc80-\udcff]", "?", TEXTS[index].replace("/", "|"))
    return text.encode()[:60].decode(errors="ignore")


def picture_name(index):
    """A file name may have neither slashes nor more than 255 bytes."""
    return TEXTS[index].replace("/", "∕") + ".jpg"


def make(folder, pictures):
    os.makedirs(os.path.join(folder, "pictures"))
    sources = sorted(name for name in os.listdir(pictures) if name.startswith("colour_4") and name.endswith(".jpg"))
    with open(os.path.join(folder, "pictures", "labels.csv"), "w", newline="", encoding="utf-8",
              errors="surrogateescape") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "class_index", "synset", "name"])
        for i in range(len(TEXTS)):
            shutil.copy(os.path.join(pictures, sources[i % len(sources)]),
                        os.path.join(folder, "pictures", picture_name(i)))
            table.writerow([picture_name(i), i, "n%08d" % i, LONG if i == 0 else TEXTS[i]])
    methods = [{"name": "gradcam", "label": label(i)} for i in range(len(TEXTS))]
    config = {
        "name": TEXTS[1],
        "output": os.path.join(folder, "run '\"`touch pwned`$(touch pwned)<b>"),
        "dataset": {"path": os.path.join(folder, "set.h5")},
        "backbones": [{"arch": "resnet18", "weights": os.path.join(folder, "net.h5"), "label": label(1)}],
        "methods": methods,
        "protocol": [{"preset": "cambench", "label": label(0)}, {"preset": "cambench", "label": label(7)}],
        "metrics": ["complexity"],
        "report": {"plots": True, "overlays": len(TEXTS), "bootstrap": 20},
    }
    with open(os.path.join(folder, "config.yaml"), "w", encoding="utf-8") as file:
        text = json.dumps(config, indent=1, ensure_ascii=False)  # YAML but for what YAML wants escaped
        file.write(CONTROL.sub(lambda match: match[0] if match[0] == "\n" else "\\u%04x" % ord(match[0]), text))


def claim(is_true, what):
    if not is_true:
        print("wrong:", ascii(what))
        claim.failed += 1


claim.failed = 0


def expected_cell(text):
    """What report/escape.c makes of a text in a CSV file."""
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\udc80-\udcff]",
                  "\ufffd", text)
    return "'" + text if text[:1] in "=+-@" else text


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        claim(False, "%s: %s" % (path, error))
        return data.decode("utf-8", "replace")


def check_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    claim(len(rows) > 1, path + " has rows")
    claim(all(len(row) == len(rows[0]) for row in rows), path + ": all rows have the columns of the first")
    for row in rows:
        for cell in row:
            claim(cell[:1] not in ("=", "+", "@", "\t", "\r") and not (cell[:1] == "-" and not is_number(cell)),
                  "%s: a formula: %r" % (path, cell))
            claim(not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", cell), "%s: a control: %r" % (path, cell))
    columns = {name: {row[i] for row in rows[1:] if len(row) > i} for i, name in enumerate(rows[0])}
    if "method" in columns:
        claim(columns["method"] - {""} == {expected_cell(label(i)) for i in range(len(TEXTS))}, path + ": the methods' labels")
    if "image" in columns:
        claim(columns["image"] == {expected_cell(picture_name(i)) for i in range(len(TEXTS))}, path + ": names")


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def check_markdown(path):
    text = read(path)
    claim("<" not in text.replace("<br>", "").replace("<sub>", "").replace("</sub>", ""), path + ": no markup")
    claim(not CONTROL.search(text), path + ": no controls")
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        claim(len(widths) == 1, "%s: rows of %s columns" % (path, sorted(widths)))


def check_tex(path):
    text = read(path)
    claim(not CONTROL.search(text), path + ": no controls")
    bare = re.sub(r"\\[\\{}%$&#_]", "", text)
    claim(bare.count("{") == bare.count("}"), path + ": braces are balanced")
    claim("write18" not in re.sub(r"\\textbackslash\{\}write18", "", text), path + ": no commands of strangers")
    claim("\\input" not in text, path + ": no commands of strangers")


def check_svg(path):
    root = xml.parse(path).getroot()
    for node in root.iter():
        claim(node.tag.split("}")[-1] not in ("script", "foreignObject", "iframe"), "%s: <%s>" % (path, node.tag))
        for name, value in node.attrib.items():
            claim(not name.lower().startswith("on"), "%s: attribute %s" % (path, name))
            claim("javascript:" not in value.lower(), "%s: %s=%s" % (path, name, value))


class Elements(html.parser.HTMLParser):
    """The page has its own elements alone: no name became one, or an attribute that runs something."""

    def __init__(self, path):
        super().__init__()
        self.path, self.scripts = path, 0

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        claim(tag not in ("img", "iframe", "object", "embed", "form", "base"), "%s: <%s>" % (self.path, tag))
        for name, value in attrs:
            claim(not name.startswith("on"), "%s: attribute %s" % (self.path, name))
            claim(name != "href" or value[0] in "#d", "%s: link to %s" % (self.path, value))


def check_page(path):
    text = read(path)
    elements = Elements(path)
    elements.feed(text)
    claim(elements.scripts == 2, "%s: %d scripts" % (path, elements.scripts))
    claim(not CONTROL.search(text), path + ": no controls")
    json.loads(re.search(r'id="gallery-data">(.*?)</script>', text, re.S).group(1))


def check_plain(path):
    """For a terminal, or for gnuplot: lines, and nothing to obey."""
    text = read(path)
    claim(not CONTROL.search(text), path + ": no controls")
    claim(all(len(line) < 2000 for line in text.splitlines()), path + ": no line without end")


def check_arguments():
    """A text as argument of a command is named in one line; no command may do anything about it."""
    commands = [[], ["run"], ["inspect"], ["merge"], ["compare", "nowhere"], ["import", "dataset", "--out", "x.h5"],
                ["run", "config.yaml", "--set"]]
    for text in TEXTS + [LONG]:
        for command in commands:
            line = [part.encode("utf-8", "surrogateescape") for part in ["cambench"] + command + ["/nowhere/" + text]]
            done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            said = done.stderr.decode("utf-8", "surrogateescape")
            claim(done.returncode == 2 and not done.stdout, "%s %s: exit %d" % (command, text[:80], done.returncode))
            is_plain = not re.search(CONTROL.pattern + "|[\udc80-\udcff]", said)
            claim(said.count("\n") == 1 and is_plain and len(said) < 2000,
                  "%s %s: says %s" % (command, text[:80], said[:200]))


CHECKS = {".csv": check_csv, ".md": check_markdown, ".tex": check_tex, ".svg": check_svg, ".xml": xml.parse,
          ".gp": check_plain, ".txt": check_plain, ".html": check_page, ".json": lambda path: json.loads(read(path))}


def check(folder):
    seen = set()
    for here, _, files in os.walk(folder):
        claim("pwned" not in files, "something was executed in " + here)
        if "pictures" in here:
            continue
        for name in files:
            kind = os.path.splitext(name)[1]
            if kind in CHECKS:
                CHECKS[kind](os.path.join(here, name))
                seen.add(kind)
    claim(set(CHECKS) - {".svg"} <= seen, "all kinds were there: %s" % sorted(seen))  # no pictures without gnuplot
    with open([os.path.join(here, name) for here, _, files in os.walk(folder) for name in files
               if name == "manifest.json"][0], encoding="utf-8") as file:
        manifest = json.load(file)
    claim([method["label"] for method in manifest["methods"]] == [label(i) for i in range(len(TEXTS))],
          "manifest.json: labels come back as they were")
    check_arguments()
    print("hostile texts:", "broken" if claim.failed else "all outputs parse, nothing was executed")
    return 1 if claim.failed else 0


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], sys.argv[3])
    else:
        sys.exit(check(sys.argv[2]))
