#!/usr/bin/env python3
"""What published libraries reach on the files of tests/corpus_quotes.rs, counted in the same way.

    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install email_reply_parser mail-parser-reply
    /tmp/venv/bin/python tests/quotes_beside_libraries.py

Not part of the test suite: it needs packages from PyPI and the corpora beside the project.
"""

import email
import email.policy
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"


def libraries():
    """Name, and a function from a text to the candidates for (new text, first fragment)."""
    found = {}
    try:
        from email_reply_parser import EmailReplyParser as Zapier

        def zapier(text):
            fragments = Zapier.read(text).fragments
            first = fragments[0].content if fragments else ""
            return [Zapier.parse_reply(text), first]

        found["email_reply_parser"] = zapier
    except ImportError:
        pass
    try:
        from mailparser_reply import EmailReplyParser as Alfonsrv

        parser = Alfonsrv(languages=["en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja"])

        def alfonsrv(text):
            replies = parser.read(text).replies
            if not replies:
                return [""]
            first = replies[0]
            # With and without the signature, as for Bauta.
            return [first.body or "", first.content or "", first.full_body or ""]

        try:
            alfonsrv("Hello\n")
        except Exception:
            parser = Alfonsrv(languages=["en", "de", "fr", "it", "nl", "pl", "ja"])
        found["mail-parser-reply"] = alfonsrv
    except ImportError:
        pass
    return found


def words(text):
    return text.split()


def is_reply(candidates, expected):
    return any(words(c) == words(expected) for c in candidates)


def trimmer():
    for path in sorted((CORPUS / "email-reply-trimmer/emails").iterdir()):
        expected = CORPUS / "email-reply-trimmer/trimmed" / path.name
        if expected.exists():
            text = expected.read_text("utf-8")
            yield path.read_text("utf-8"), lambda c, _, text=text: is_reply(c, text)


def crisp():
    folder = CORPUS / "crisp-reply-fixtures"
    for line in (folder / "expected.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        mail = (folder / case["fixture"]).read_text("utf-8")

        def right(candidates, mail, case=case):
            if "first_fragment" in case:
                return is_reply(candidates, case["first_fragment"])
            if case.get("fragments") == 1:
                return is_reply(candidates, mail)
            return any(fits(new, case["fragment_regex"]) for new in candidates)

        yield mail, right


def fits(new, patterns):
    for fragment in patterns:
        found = re.search(fragment["re"], new, re.M) is not None
        quoted = fragment["re"].startswith(("^On", "^>", "^_", "^--"))
        if fragment["i"] == 0 and not found:
            return False
        if fragment["i"] > 0 and quoted and found:
            return False
    return True


def talon_plain():
    for path in sorted((CORPUS / "talon-replies/standard_replies").glob("*.eml")):
        truth = path.with_name(path.stem + "_reply_text")
        expected = truth.read_text("utf-8") if truth.exists() else "Hello"
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = mail.get_body(("plain",))
        text = body.get_content() if body else ""
        yield text, lambda c, _, expected=expected: is_reply(c, expected)


def clients():
    """The answers of mail programs in nine languages of tests/quotes_of_clients.rs."""
    for path in sorted((ROOT / "fixtures/quotes").glob("*.txt")):
        for case in re.split(r"(?m)^#### .*\n", path.read_text("utf-8"))[1:]:
            text = re.sub(r"(?m)^[NAQS.]\|", "", case)
            lines = [l for l in case.splitlines() if l[1:2] == "|"]
            new = "\n".join(l[2:] for l in lines if l[0] == "N")
            signed = "\n".join(l[2:] for l in lines if l[0] in "NS")
            yield text, lambda c, _, e=(new, signed): any(is_reply(c, one) for one in e)


def main():
    found = libraries()
    if not CORPUS.is_dir() or not found:
        sys.exit("needs the corpora beside the project, and one of the libraries")
    sets = {
        "email-reply-trimmer": trimmer,
        "crisp-reply-fixtures": crisp,
        "talon, plain replies": talon_plain,
        "fixtures/quotes": clients,
    }
    for name, cases in sets.items():
        for library, split in found.items():
            right = total = 0
            for mail, judge in cases():
                total += 1
                try:
                    candidates = split(mail.replace("\r\n", "\n"))
                except Exception as error:  # a library that fails on a mail is wrong about it
                    print(f"  {library}: {type(error).__name__}")
                    candidates = []
                right += judge(candidates, mail.replace("\r\n", "\n"))
            print(f"{name}: {library} {right} of {total}")


if __name__ == "__main__":
    main()
