#!/usr/bin/env python3
"""Reads every mail of a folder with Python's email package and says what is wrong with it.

Beside its own defects: RFC 5322 §2.1.1 line lengths, ASCII, RFC 2047 §2 encoded words, bare CR and
LF, boundaries.
"""

import email
import email.policy
import pathlib
import re
import sys
import warnings

WORD = re.compile(rb"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=")


def complaints(raw):
    if not raw.isascii():
        yield "not ASCII"
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield "a bare CR or LF"
    for line in raw.split(b"\r\n"):
        if len(line) > 998:
            yield f"a line of {len(line)} octets"
    head = raw.split(b"\r\n\r\n", 1)[0]
    for word in WORD.findall(head):
        if len(word) > 75:
            yield f"an encoded word of {len(word)}"
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
