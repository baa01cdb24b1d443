#!/usr/bin/env python3
"""Makes the files beside it from one table and one note of ours: python3 make.py

Needs openpyxl and LibreOffice (`soffice`). The table is longer than a passage, so that most rows lie
passages below their header. Run it only to change the table: the files differ in their dates from run to run.
"""
import csv
import json
import pathlib
import subprocess
import tempfile

import openpyxl

HERE = pathlib.Path(__file__).parent
CAPTION = "Таблица 1. Плата за исследования в лаборатории"
HEADER = ["Шифр", "Исследование", "Срок, рабочих дней", "Плата, тенге"]
SAMPLES = ["воды", "почвы", "зерна", "молока", "мёда", "рыбы", "корма", "воздуха", "краски", "бумаги"]
SOUGHT = ["железо", "нитраты", "свинец", "кадмий", "ртуть", "медь", "фосфор", "хлор", "мышьяк"]
INTRODUCTION = "Лаборатория принимает образцы с девяти до шестнадцати часов. Перерыв длится один час."

NOTE = """<!DOCTYPE html>
<html lang="ru"><head><meta charset="utf-8"><title>Памятка о пропусках</title></head><body>
<h1>Памятка о пропусках</h1><p>Пропуск выдаёт охрана в день обращения.</p>
<h2>Кто получает</h2><ol><li>сотрудники;</li><li>гости со <b>служебной</b> запиской.</li></ol>
<table border="1"><tr><th>Цвет</th><th>Срок</th></tr><tr><td>синий</td><td>один год</td></tr></table>
<h2>Қазақша</h2><p>Рұқсатнама бір жыл жарамды.</p></body></html>
"""
SLIDES = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"
 office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.presentation">
<office:body><office:presentation>
<draw:page draw:name="one"><draw:frame svg:x="1cm" svg:y="1cm" svg:width="20cm" svg:height="3cm"
 presentation:class="title"><draw:text-box><text:p>Хранение образцов</text:p></draw:text-box></draw:frame>
<draw:frame svg:x="1cm" svg:y="5cm" svg:width="20cm" svg:height="8cm"><draw:text-box>
<text:p>Образцы хранят десять дней в холоде.</text:p></draw:text-box></draw:frame>
<presentation:notes><draw:frame svg:x="1cm" svg:y="15cm" svg:width="16cm" svg:height="9cm"
 presentation:class="notes"><draw:text-box><text:p>Спросить о скидке.</text:p></draw:text-box></draw:frame>
</presentation:notes></draw:page>
</office:presentation></office:body></office:document>
"""


def rows():
    for at, sample in enumerate(SAMPLES):
        for nth, sought in enumerate(SOUGHT):
            number = at * len(SOUGHT) + nth
            yield [f"Л-{101 + number}", f"Анализ {sample} на {sought}", 2 + number % 7, 1200 + 37 * number]


def page():
    def row(cells, tag):
        return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"

    body = "\n".join(row(cells, "td") for cells in rows())
    return (
        '<!DOCTYPE html>\n<html lang="ru"><head><meta charset="utf-8"><title>Прейскурант лаборатории</title></head>\n'
        f"<body><h1>Прейскурант лаборатории</h1>\n<p>{INTRODUCTION}</p>\n"
        f"<p>{CAPTION}</p>\n<table border=\"1\"><thead>{row(HEADER, 'th')}</thead>\n<tbody>{body}</tbody></table>\n"
        "</body></html>\n"
    )


def office(source, kind, infilter=None):
    """Lets LibreOffice save a file as another kind, beside it."""
    arguments = ["soffice", "--headless", *([f"--infilter={infilter}"] if infilter else [])]
    subprocess.run(
        [*arguments, "--convert-to", kind, "--outdir", source.parent, source], check=True, capture_output=True
    )
    return source.with_suffix("." + kind.split(":")[0])


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        base = folder / "prices.html"
        base.write_text(page(), encoding="utf-8")
        text = office(base, "odt:writer8", "HTML (StarWriter)")
        made = [base, text, *(office(text, kind) for kind in ("docx", "pdf"))]

        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Прейскурант"
        sheet.append(HEADER)
        for cells in rows():
            sheet.append(cells)
        cells = folder / "prices.xlsx"
        book.save(cells)
        made += [cells, *(office(cells, kind) for kind in ("ods", "xls"))]

        note = folder / "note.html"
        note.write_text(NOTE, encoding="utf-8")
        text = office(note, "odt:writer8", "HTML (StarWriter)")
        made += [office(text, kind) for kind in ("doc", "rtf", "epub")]
        slides = folder / "slides.fodp"
        slides.write_text(SLIDES, encoding="utf-8")
        made += [office(slides, kind) for kind in ("odp", "pptx")]

        plain = folder / "prices.csv"
        with plain.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, delimiter=";").writerows([HEADER, *rows()])
        listed = folder / "prices.json"
        listed.write_text(
            json.dumps([dict(zip(HEADER, cells)) for cells in rows()], ensure_ascii=False), encoding="utf-8"
        )
        for path in [*made, plain, listed]:
            (HERE / path.name).write_bytes(path.read_bytes())


main()
