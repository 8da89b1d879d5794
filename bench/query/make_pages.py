#!/usr/bin/env python3
"""Write the canned result of bench/query: 200,000 records of 20 fields in 100 pages, about 171 MB, and the same gzipped.

Deterministic: the same bytes each time. usage: make_pages.py DIR [PAGES]
"""
import gzip
import json
import os
import random
import sys

ROWS = 2000
WORDS = ("alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo "
         "sierra tango uniform victor whiskey xray yankee zulu Gonçalves Müller Łukasiewicz Ødegård 北京 東京").split()
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def record_id(prefix, n):
    text = ""
    while n:
        n, digit = divmod(n, 62)
        text = ALPHABET[digit] + text
    return prefix + "5g" + text.rjust(10, "0") + "AAA"


def record(rnd, n):
    rid = record_id("003", n)
    stamp = f"20{rnd.randint(10, 25)}-{rnd.randint(1, 12):02d}-{rnd.randint(1, 28):02d}"
    return {
        "attributes": {"type": "Contact", "url": "/services/data/v62.0/sobjects/Contact/" + rid},
        "Id": rid,
        "FirstName": rnd.choice(WORDS).title(),
        "LastName": rnd.choice(WORDS).title(),
        "Email": f"{rnd.choice(WORDS[:26])}.{n}@example.com",
        "Phone": f"+49 30 {rnd.randint(1000000, 9999999)}",
        "Title": " ".join(rnd.choice(WORDS) for _ in range(3)),
        "Department": rnd.choice(WORDS),
        "AccountId": record_id("001", n // 3),
        "OwnerId": record_id("005", n % 30),
        "MailingStreet": f"{rnd.randint(1, 300)} {rnd.choice(WORDS)} street",
        "MailingCity": rnd.choice(WORDS).title(),
        "MailingPostalCode": f"{rnd.randint(10000, 99999)}",
        "MailingCountry": None if n % 5 == 0 else "Germany",
        "Description": " ".join(rnd.choice(WORDS) for _ in range(24 + n % 9)) + ("\n\"quoted\" line" if n % 7 == 0 else ""),
        "HasOptedOutOfEmail": n % 4 == 0,
        "NumberOfVisits__c": n % 1000,
        "Revenue__c": round(rnd.random() * 1e5, 2),
        "CreatedDate": stamp + "T08:30:00.000+0000",
        "LastModifiedDate": stamp + "T22:10:05.000+0000",
        "SystemModstamp": stamp + "T22:10:05.000+0000",
    }


def main():
    folder = sys.argv[1]
    pages = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    os.makedirs(folder, exist_ok=True)
    if os.path.exists(os.path.join(folder, f"complete-{pages}")):
        return
    rnd = random.Random(20240229)
    total = 0
    for page in range(pages):
        rows = [record(rnd, page * ROWS + i) for i in range(ROWS)]
        total += sum(r["NumberOfVisits__c"] for r in rows)
        answer = {"totalSize": pages * ROWS, "done": page == pages - 1}
        if page < pages - 1:
            answer["nextRecordsUrl"] = f"/services/data/v62.0/query/01g5g00000QcQcQAAV-{(page + 1) * ROWS}"
        answer["records"] = rows
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
        with open(os.path.join(folder, f"01g5g00000QcQcQAAV-{page * ROWS}"), "wb") as out:
            out.write(body)
        with open(os.path.join(folder, f"01g5g00000QcQcQAAV-{page * ROWS}.gz"), "wb") as out:
            out.write(gzip.compress(body, 5, mtime=0))
    with open(os.path.join(folder, f"complete-{pages}"), "w") as out:
        out.write(f"{total}\n")


main()
