#!/usr/bin/env python3
"""Reads every mail of a folder with Python's email package and says what is wrong with it.

Beside its own defects: RFC 5322 §2.1.1 and RFC 2045 §6.7 and §6.8 line lengths; ASCII in all of it
(RFC 5322 §2.2: nobody here has an address that needs RFC 6532); RFC 2047 §2 and §5 encoded words, none
of them in a parameter; bare CR and LF; RFC 2046 §5.1.1 boundaries, of which none stands in a part.
"""

import email
import email.policy
import pathlib
import re
import sys
import warnings

WORD = re.compile(rb"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=")

BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")


def structure(part, raw):
    """What is wrong with the structure of one part, as it was written."""
    for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"):
        values = part.get_all(name, [])
        if len(values) > 1:
            yield f"{len(values)} times {name}"
        if any(b"=?" in str(value).encode() for value in values):
            yield f"an encoded word in {name}"
    encoding = str(part.get("Content-Transfer-Encoding", "7bit")).lower()
    if encoding not in ("7bit", "quoted-printable", "base64"):
        yield f"{encoding} in {part.get_content_type()}"
    if part.is_multipart():
        boundary = part.get_boundary()
        if boundary is None or not BOUNDARY.fullmatch(boundary):
            yield f"a boundary of {boundary!r}"
            return
        if encoding != "7bit":
            yield f"a multipart in {encoding}"
        delimiter = re.escape(b"--" + boundary.encode())
        delimiters = len(re.findall(rb"(?m)^" + delimiter, raw))
        if delimiters != len(part.get_payload()) + 1:
            yield f"{delimiters} delimiters of {len(part.get_payload())} parts"
        if not re.search(rb"(?m)^" + delimiter + rb"--\r?$", raw):
            yield "a multipart that is not closed"
    elif encoding != "7bit":
        longest = max(map(len, part.get_payload().splitlines()), default=0)
        if longest > 76:
            yield f"a line of {longest} in {encoding}"


def complaints(raw):
    if not raw.isascii():
        yield "not ASCII"
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield "a bare CR or LF"
    for line in raw.split(b"\r\n"):
        if len(line) > 998:
            yield f"a line of {len(line)} octets"
    # Encoded words stand in headers of parts too; in the text there are none.
    for word in WORD.findall(raw):
        if len(word) > 75:
            yield f"an encoded word of {len(word)}"
    for part in email.message_from_bytes(raw, policy=email.policy.compat32).walk():
        yield from structure(part, raw)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    for part in mail.walk():
        yield from (f"{type(d).__name__} in {part.get_content_type()}" for d in part.defects)
        for name, value in part.items():
            yield from (f"{type(d).__name__} in {name}" for d in getattr(value, "defects", ()))
        if part.get_content_maintype() == "text":
            part.get_content()
        elif not part.is_multipart():
            part.get_payload(decode=True)
    for once in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Reply-To"):
        if len(mail.get_all(once, [])) != 1:
            yield f"{len(mail.get_all(once, []))} times {once}"
    if mail["Date"] is not None and mail["Date"].datetime is None:
        yield "a date that is none"
    if mail["From"] is not None and len(mail["From"].addresses) != 1:
        yield "not one sender"


def main():
    warnings.simplefilter("error")
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.eml"))
    wrong = long = 0
    for path in paths:
        raw = path.read_bytes()
        long += any(len(line) > 78 for line in raw.split(b"\r\n"))
        try:
            found = list(complaints(raw))
        except Exception as error:
            found = [f"{type(error).__name__}: {error}"]
        if found:
            wrong += 1
            print(f"  {path.name}: {', '.join(found)}")
    print(f"Python's email: {len(paths)} mails, {wrong} with a complaint, {long} with a line over 78")
    sys.exit(1 if wrong or not paths else 0)


main()
