"""slow.py: an org for bench/export that works on each row of a query job for a while, on all jobs at once, as big orgs do: what
ranges of ids gain shows there. It answers `ORDER BY Id LIMIT 1` and bulk queries with a range of ids from the rows of whole.csv."""
import bisect, http.server, json, re, threading, time, urllib.parse

ROW_S, PAGE = 8e-6, 50_000  # seconds of work on a row; rows of a page


class SlowOrg(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, path, header, rows):
        """rows: how many; their ids are 0035g and ten digits, in the order of the file."""
        super().__init__(("127.0.0.1", 0), Answer)
        with open(path, "rb") as f:
            self.bytes = f.read()
        self.header, self.rows, self.jobs = header, rows, []
        self.ids = ["0035g%010d" % n for n in range(rows)]
        self.starts, at = [], len(header)
        for n in range(rows):
            self.starts.append(self.bytes.index(b'"' + self.ids[n].encode(), at))
            at = self.starts[n]
        self.starts.append(len(self.bytes))
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def range_of(self, soql):
        low, high = re.search(r"Id >= '(\w{15})'", soql), re.search(r"Id < '(\w{15})'", soql)
        return bisect.bisect_left(self.ids, low[1]) if low else 0, bisect.bisect_left(self.ids, high[1]) if high else self.rows


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, pieces, kind="application/json", **headers):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(sum(map(len, pieces))))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)

    def job(self, number, **more):
        self.answer([json.dumps({"id": "7505g0000%06dAAA" % number, "operation": "query", "object": "Contact", "apiVersion": 62.0,
                                 "createdDate": "2024-11-23T22:12:00.000+0000", "lineEnding": "LF", "columnDelimiter": "COMMA",
                                 **more}).encode()])

    def do_POST(self):
        org = self.server
        first, end = org.range_of(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["query"])
        org.jobs.append((first, end, time.monotonic() + (end - first) * ROW_S))
        self.job(len(org.jobs) - 1, state="UploadComplete")

    def do_GET(self):
        org, url = self.server, urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(url.query))
        if "/jobs/" not in url.path:
            first, end = org.range_of(asked["q"])
            found = [{"Id": org.ids[end - 1 if "DESC" in asked["q"] else first] + "AAA"}] if first < end else []
            return self.answer([json.dumps({"totalSize": len(found), "done": True, "records": found}).encode()])
        number = int(re.search(r"/7505g0000(\d{6})AAA", url.path)[1])
        first, end, ready = org.jobs[number]
        base = f"/services/data/v62.0/jobs/query/7505g0000{number:06d}AAA/results"
        if url.path.endswith("/resultPages"):
            pages = [{"resultUrl": f"{base}?locator={at}"} for at in range(first, end, PAGE)]
            self.answer([json.dumps({"resultPages": pages, "done": True}).encode()])
        elif url.path.endswith("/results"):
            at = int(asked.get("locator", first))
            last = min(at + PAGE, end)
            self.answer([org.header, memoryview(org.bytes)[org.starts[at] : org.starts[last]]], "text/csv",
                        Sforce_NumberOfRecords=last - at, Sforce_Locator=last if last < end else "null")
        elif time.monotonic() < ready:
            self.job(number, state="InProgress")
        else:
            self.job(number, state="JobComplete", numberRecordsProcessed=end - first)
