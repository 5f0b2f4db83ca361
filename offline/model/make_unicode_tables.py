#!/usr/bin/env python3
"""Writes unicode_tables.inc: the character classes that WordPiece tokenization asks for.

Usage: python3 offline/model/make_unicode_tables.py > offline/model/unicode_tables.inc
"""
import sys
import unicodedata

LAST = 0x110000


def category_ranges(test):
    start = None
    for cp in range(LAST + 1):
        inside = cp < LAST and test(cp)
        if inside and start is None:
            start = cp
        if not inside and start is not None:
            yield start, cp - 1
            start = None


def emit_ranges(name, test):
    cells = ["{0x%x,0x%x}" % r for r in category_ranges(test)]
    print("constexpr CodeRange %s[] = {" % name)
    for i in range(0, len(cells), 8):
        print("    " + ", ".join(cells[i:i + 8]) + ",")
    print("};")


def category(cp):
    return unicodedata.category(chr(cp))


def strip(text):
    return [ord(c) for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn"]


def emit_map(name, fold):
    """Runs (first, last, step, target): cp -> target + (cp - first), and a list of longer targets."""
    runs, longer = [], []
    for cp in range(LAST):
        if 0xAC00 <= cp <= 0xD7A3 or 0xD800 <= cp <= 0xDFFF or category(cp) == "Mn":
            continue  # Hangul is computed; a lone mark disappears by its class
        out = fold(chr(cp))
        if out == [cp]:
            continue
        if len(out) != 1:
            longer.append((cp, out))
            continue
        if runs:
            first, last, step, target = runs[-1]
            if out[0] - target == cp - first and (cp - last == step or (step == 0 and cp - last <= 2)):
                runs[-1] = (first, cp, cp - last, target)
                continue
        runs.append((cp, cp, 0, out[0]))
    print("constexpr FoldRun %sRuns[] = {" % name)
    cells = ["{0x%x,0x%x,%d,0x%x}" % (a, b, s or 1, t) for a, b, s, t in runs]
    for i in range(0, len(cells), 6):
        print("    " + ", ".join(cells[i:i + 6]) + ",")
    print("};")
    print("constexpr FoldLong %sLong[] = {" % name)
    cells = ["{0x%x,{%s}}" % (cp, ",".join("0x%x" % c for c in (out + [0] * 4)[:4])) for cp, out in longer]
    for i in range(0, len(cells), 4):
        print("    " + ", ".join(cells[i:i + 4]) + ",")
    print("};")


def main():
    print("// Written by make_unicode_tables.py from Unicode %s. Do not edit." % unicodedata.unidata_version)
    print("// clang-format off")
    emit_ranges("kPunctuation", lambda cp: category(cp).startswith("P"))
    emit_ranges("kMarks", lambda cp: category(cp) == "Mn")
    emit_ranges("kControl", lambda cp: category(cp).startswith("C"))
    emit_ranges("kCased", lambda cp: category(cp) in ("Lu", "Ll", "Lt"))
    emit_map("kLowerStrip", lambda c: strip(c.lower()))
    print("// clang-format on")


if __name__ == "__main__":
    sys.exit(main())
