# SPDX-License-Identifier: MIT
"""check_page.py PAGE TEXT...: the page is balanced HTML that refers to nothing outside and says each text."""
import base64
import html.parser
import sys

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.words, self.images, self.scripts = [], [], [], 0

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.scripts += tag == "script"
        if tag == "img":
            assert attributes.get("alt"), "an image without a text"
            self.images.append(attributes["src"])
        if tag == "svg":
            assert attributes.get("aria-label"), "a chart without a text"
        for name in ("href", "src", "srcset", "data"):
            assert attributes.get(name, "data:").startswith("data:"), f"refers to {attributes[name]}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"line {self.getpos()[0]}: </{tag}> in {self.open}"
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words += data.split()


def main(path, *texts):
    with open(path, encoding="utf-8") as file:
        source = file.read()
    assert "http" not in source and "url(" not in source and "@import" not in source, "an address"
    page = Page()
    page.feed(source)
    page.close()
    assert not page.open, f"not closed: {page.open}"
    assert page.scripts == 1, f"expected the page's own script, found {page.scripts}"
    for image in page.images:
        assert base64.b64decode(image.split(",")[1], validate=True).startswith(b"\x89PNG"), "no PNG"
    said = " ".join(page.words)
    for text in texts:
        assert text in said, f"{path}: expected \"{text}\" in: {said}"


main(*sys.argv[1:])
