#!/usr/bin/env python3
"""Makes the binary and re-encoded documents of the sample library from `sources/`.

Owns: the table below, which says what each source becomes. Leaves: documents that are plain UTF-8 in the library
already, and the questions (`check_questions.py`).
Invariant: the same source, library versions and fonts give the same bytes; dates in the files are fixed.

Needs `pip install python-docx reportlab` and the DejaVu fonts (Debian: `fonts-dejavu-core`).
"""

import datetime
import io
import os
import re
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"
LIBRARY = HERE.parent / "library"
FONTS = Path(os.environ.get("DOCENT_FONTS", "/usr/share/fonts/truetype/dejavu"))

# Source -> (target's ending, how). Text keeps its name; a Markdown source becomes a DOCX or a PDF.
ENCODED = {
    "general/centre/pamyatka-posetitelya.txt": ("windows-1251", "\r\n"),
    "general/obrashcheniya.html": ("windows-1251", "\r\n"),
    "investor/procedures/otchetnost.txt": ("utf-16", "\r\n"),
    "staff/safety/Охрана труда.txt": ("koi8-r", "\n"),
    "staff/Подарки и конфликт интересов.txt": ("windows-1251", "\r\n"),
}

DATE = datetime.datetime(2026, 11, 2, 9, 0, 0)
AUTHOR = "Агентство инвестиций Сарыжазской области"


def encode(source: Path, target: Path, encoding: str, line_end: str) -> None:
    """Writes a text in another code page; two hyphens stand for a dash, as typists do."""
    text = source.read_text(encoding="utf-8").replace("\n", line_end)
    if encoding == "utf-16":
        target.write_bytes(b"\xff\xfe" + text.replace(" -- ", " \u2013 ").encode("utf-16-le"))
        return
    if encoding == "windows-1251":
        text = text.replace(" -- ", " \u2014 ")
    if encoding == "koi8-r":
        text = text.replace(" -- ", " - ").replace("\u00ab", '"').replace("\u00bb", '"').replace("\u2116", "N")
    target.write_bytes(text.encode(encoding))


def blocks(text: str):
    """Splits a Markdown subset into (kind, value): heading, para, bullet, number, table, note."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        at += 1
        if not line:
            continue
        if heading := re.match(r"(#+) (.*)", line):
            yield "heading", (len(heading[1]), heading[2])
        elif note := re.match(r"\[\^(\w+)\]: (.*)", line):
            yield "note", (note[1], note[2])
        elif line.startswith("- "):
            yield "bullet", line[2:]
        elif number := re.match(r"(\d+)\) (.*)", line):
            yield "number", (int(number[1]), number[2])
        elif line.startswith("|"):
            rows = [line]
            while at < len(lines) and lines[at].startswith("|"):
                rows.append(lines[at])
                at += 1
            cells = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows]
            yield "table", [row for row in cells if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
        else:
            yield "para", line


def add_footnotes(document, notes: dict) -> None:
    """Adds the footnotes part, which python-docx does not make, and turns the marks `[^x]` into references."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = ['<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>',
            '<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p>'
            '</w:footnote>']
    for index, text in enumerate(notes.values(), 1):
        body.append(f'<w:footnote w:id="{index}"><w:p><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
                    f'<w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> {escape(text)}</w:t></w:r></w:p>'
                    "</w:footnote>")
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:footnotes {space}>{"".join(body)}</w:footnotes>'
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    part = Part(PackURI("/word/footnotes.xml"), kind, xml.encode("utf-8"), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)

    ids = {name: index for index, name in enumerate(notes, 1)}
    for paragraph in document.element.body.iter(qn("w:p")):
        for run in list(paragraph.iter(qn("w:r"))):
            pieces = re.split(r"\[\^(\w+)\]", "".join(text.text or "" for text in run.iter(qn("w:t"))))
            if len(pieces) < 3:
                continue
            after = run
            for odd, piece in enumerate(pieces):
                new = OxmlElement("w:r")
                if odd % 2:
                    style = OxmlElement("w:rPr")
                    raised = OxmlElement("w:vertAlign")
                    raised.set(qn("w:val"), "superscript")
                    style.append(raised)
                    new.append(style)
                    mark = OxmlElement("w:footnoteReference")
                    mark.set(qn("w:id"), str(ids[piece]))
                    new.append(mark)
                else:
                    text = OxmlElement("w:t")
                    text.text = piece
                    text.set(qn("xml:space"), "preserve")
                    new.append(text)
                after.addnext(new)
                after = new
            run.getparent().remove(run)


def make_docx(source: Path, target: Path) -> None:
    """Makes a Word document: real heading styles, automatic list numbers, tables with a header row, footnotes."""
    import docx
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    document = docx.Document()
    document.styles["Normal"].font.name = "DejaVu Sans"
    notes, numbering = {}, None
    for kind, value in blocks(source.read_text(encoding="utf-8")):
        if kind == "heading":
            document.add_heading(value[1], 0 if value[0] == 1 else value[0] - 1)
            document.core_properties.title = document.core_properties.title or value[1]
        elif kind == "para":
            document.add_paragraph(value)
        elif kind == "bullet":
            document.add_paragraph(value, style="List Bullet")
        elif kind == "note":
            notes[value[0]] = value[1]
        elif kind == "number":
            paragraph = document.add_paragraph(value[1], style="List Number")
            if value[0] == 1:
                definitions = document.part.numbering_part.element
                style = document.styles["List Number"].element.pPr.numPr.numId.val
                abstract = definitions.num_having_numId(style).abstractNumId.val
                fresh = definitions.add_num(abstract)
                fresh.add_lvlOverride(ilvl=0).add_startOverride(1)
                numbering = fresh.numId
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = 0
            properties.get_or_add_numId().val = numbering
        else:
            table = document.add_table(rows=0, cols=len(value[0]))
            table.style = "Table Grid"
            for row in value:
                for cell, text in zip(table.add_row().cells, row):
                    cell.text = text
            header = OxmlElement("w:tblHeader")
            header.set(qn("w:val"), "true")
            table.rows[0]._tr.get_or_add_trPr().append(header)
    if notes:
        add_footnotes(document, notes)
    properties = document.core_properties
    properties.author, properties.created, properties.modified = AUTHOR, DATE, DATE
    properties.comments = ""
    raw = io.BytesIO()
    document.save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (2026, 11, 2, 9, 0, 0)), old.read(name), zipfile.ZIP_DEFLATED)


def make_pdf(source: Path, target: Path) -> None:
    """Makes a PDF with embedded subset fonts, a running header and page numbers."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    pdfmetrics.registerFont(TTFont("Body", str(FONTS / "DejaVuSans.ttf")))
    pdfmetrics.registerFont(TTFont("Bold", str(FONTS / "DejaVuSans-Bold.ttf")))
    body = ParagraphStyle("body", fontName="Body", fontSize=10, leading=14, spaceAfter=6)
    item = ParagraphStyle("item", parent=body, leftIndent=18, spaceAfter=3)
    cell = ParagraphStyle("cell", parent=body, fontSize=9, leading=11, spaceAfter=0)
    head = ParagraphStyle("head", parent=cell, fontName="Bold")
    small = ParagraphStyle("small", parent=body, fontSize=8, leading=10)
    title, story = "", []
    for kind, value in blocks(source.read_text(encoding="utf-8")):
        if kind == "heading":
            title = title or value[1]
            size = {1: 18, 2: 13}.get(value[0], 11)
            style = ParagraphStyle(f"h{value[0]}", fontName="Bold", fontSize=size, leading=size * 1.3, spaceBefore=8,
                                   spaceAfter=6, keepWithNext=1)
            story.append(Paragraph(escape(value[1]), style))
        elif kind == "para":
            story.append(Paragraph(escape(value), body))
        elif kind == "bullet":
            story.append(Paragraph(escape(value), item, bulletText="\u2022"))
        elif kind == "number":
            story.append(Paragraph(escape(value[1]), item, bulletText=f"{value[0]}."))
        elif kind == "note":
            story.append(Paragraph(f"{value[0]}) {escape(value[1])}", small))
        else:
            rows = [[Paragraph(escape(text), cell if at else head) for text in row] for at, row in enumerate(value)]
            table = Table(rows, repeatRows=1)
            table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
            story += [table, Spacer(1, 8)]

    def frame(canvas, page):
        canvas.saveState()
        canvas.setFont("Body", 8)
        canvas.drawString(56, 812, title)
        canvas.drawRightString(540, 28, str(page.page))
        canvas.restoreState()

    SimpleDocTemplate(str(target), pagesize=A4, leftMargin=56, rightMargin=56, topMargin=56, bottomMargin=56,
                      title=title, author=AUTHOR, invariant=1).build(story, onFirstPage=frame, onLaterPages=frame)


def main() -> int:
    for source in sorted(path for path in SOURCES.rglob("*") if path.is_file()):
        name = source.relative_to(SOURCES).as_posix()
        if name in ENCODED:
            target = LIBRARY / name
            target.parent.mkdir(parents=True, exist_ok=True)
            encode(source, target, *ENCODED[name])
        elif name.endswith((".docx.md", ".pdf.md")):
            target = LIBRARY / name.removesuffix(".md")
            target.parent.mkdir(parents=True, exist_ok=True)
            (make_docx if name.endswith(".docx.md") else make_pdf)(source, target)
        else:
            print(f"error: {name} is not in the table of make.py", file=sys.stderr)
            return 1
        print(f"{target.stat().st_size:>7} {target.relative_to(LIBRARY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
