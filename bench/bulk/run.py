#!/usr/bin/env python3
"""bench/bulk: a CSV file of 1,000,000 rows (110 MB) through Bulk API 2.0 into two neutral servers; whole processes, medians, curl
and the peers in the same run; then ours at other sizes. One server counts the rows of every client; the other is nginx, which
drops what it gets and has one answer for each request, so that ours sends one job to it.

usage: bench/bulk/run [--runs N] [--rows N] [--no-peers] [--sizes MB,MB,…] [--write]   (--write: into docs/performance.md)
"""
import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "bench")
BIN = os.path.join(TOP, "build", "release", "bin")
sys.path.insert(0, os.path.join(TOP, "bench", "peers"))
import sf as sf_cli  # noqa: E402
CURL = "curl -T (sends, and no more)"
FIELDS = ["LastName", "FirstName", "Email", "Phone", "Title", "Department", "Description"]


def measure(command, stdout):
    """Run one whole process: wall seconds, CPU seconds, peak MiB."""
    with open(stdout, "wb") as out:
        done = subprocess.run([f"{BIN}/bench_writer_measure", f"{stdout}.cost"] + command, stdout=out, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"{command} failed: {done.stderr.decode()[-400:]}")
    wall, cpu, peak = open(f"{stdout}.cost").read().split()
    return float(wall), float(cpu), int(peak) / 1024


def prepare_peers():
    os.makedirs(BUILD, exist_ok=True)
    if not os.path.exists(f"{BUILD}/node_modules/jsforce"):
        for name in ("package.json", "package-lock.json"):
            shutil.copy(f"{TOP}/bench/peers/{name}", BUILD)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=BUILD, check=True, stdout=subprocess.DEVNULL)
    if not os.path.exists(f"{BUILD}/venv/bin/python"):
        subprocess.run([sys.executable, "-m", "venv", f"{BUILD}/venv"], check=True)
        subprocess.run([f"{BUILD}/venv/bin/pip", "install", "-q", "-r", f"{TOP}/bench/peers/requirements.txt"], check=True)
    subprocess.run(["go", "build", "-o", f"{BUILD}/go-salesforce-bulk", f"{TOP}/bench/bulk/gosf.go"], cwd=f"{TOP}/bench/query/go", check=True)


def write_csv(path, rows):
    """So many rows of about 110 bytes; quotes and commas in one value, as in real files."""
    with open(path, "w") as out:
        out.write(",".join(FIELDS) + "\n")
        for i in range(rows):
            out.write(f'Müller{i},Anna,anna.{i}@example.com,+41 44 {i % 10000000:07d},Engineer,Sales,"makes ""things"", of many '
                      f'kinds"\n')


def write_describe(path):
    fields = [{"name": "Id", "type": "id", "createable": False, "updateable": False}]
    fields += [{"name": name, "type": "string", "createable": True, "updateable": True} for name in FIELDS]
    json.dump({"name": "Contact", "createable": True, "fields": fields}, open(path, "w"))


class Server:
    def __init__(self, work):
        write_describe(f"{work}/describe.json")
        self.process = subprocess.Popen([f"{BIN}/bench_bulk_server", f"{work}/describe.json"], stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"

    def count(self):
        return [int(n) for n in urllib.request.urlopen(f"{self.url}/count").read().split()]

    def new_job(self):
        request = urllib.request.Request(f"{self.url}/services/data/v62.0/jobs/ingest", data=b"{}")
        return json.load(urllib.request.urlopen(request))["id"]

    def close_job(self, job):
        request = urllib.request.Request(f"{self.url}/services/data/v62.0/jobs/ingest/{job}", data=b"{}", method="PATCH")
        urllib.request.urlopen(request).read()


NGINX = """daemon off; master_process off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/nginx.log warn;
events {{ worker_connections 64; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {work}/body; default_type application/json;
  server {{
    listen 127.0.0.1:{port};
    location ~ /sobjects/Contact/describe$ {{ root {work}; try_files /describe.json =404; }}
    location ~ /jobs/ingest/[^/]+/batches$ {{ return 201 ""; }}
    location ~ /jobs/ingest/[^/]+Results/?$ {{ default_type text/csv; return 200 ""; }}
    location ~ /jobs/ingest/[^/]+$ {{
      if ($request_method = PATCH) {{ return 200 '{{{job},"state":"UploadComplete"}}'; }}
      return 200 '{{{job},"state":"JobComplete","numberRecordsProcessed":{rows},"numberRecordsFailed":0}}';
    }}
    location ~ /jobs/ingest/?$ {{ return 200 '{{{job},"state":"Open","contentType":"CSV","lineEnding":"LF"}}'; }}
  }}
}}
"""


class Nginx:
    def __init__(self, work, rows):
        os.mkdir(f"{work}/nginx")
        write_describe(f"{work}/nginx/describe.json")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        job = '"id":"7505e00000AbCdEAAV","operation":"insert","object":"Contact"'
        with open(f"{work}/nginx/nginx.conf", "w") as out:
            out.write(NGINX.format(work=f"{work}/nginx", port=port, job=job, rows=rows))
        self.process = subprocess.Popen(["nginx", "-p", f"{work}/nginx", "-c", f"{work}/nginx/nginx.conf"],
                                        stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{self.url}/services/data/v62.0/sobjects/Contact/describe").read()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("nginx did not start")


def load(server, csv, *flags):
    return ["env", "SF_ACCESS_TOKEN=00Dbench!token", f"SF_ORG_INSTANCE_URL={server.url}", "SF_ORG_API_VERSION=62.0",
            f"{BIN}/sforce", "load", "Contact", csv, "--insert", "--json", *flags]


def curl(server, csv, job):
    return ["curl", "-sf", "-H", "Content-Type: text/csv", "-H", "Authorization: Bearer x", "-T", csv,
            f"{server.url}/services/data/v62.0/jobs/ingest/{job}/batches"]


def check(name, server, rows, stdout):
    seen = rows if "nginx" in name else server.count()[0]
    if seen != rows:
        sys.exit(f"{name}: the server saw {seen} rows, want {rows}")
    text = open(stdout).read()
    if name.startswith("sforce"):
        told = json.loads(text)["result"]["succeeded"]
    elif name.startswith("sf "):
        told = json.loads(text)["result"]["successfulRecords"]
    else:
        told = rows if name.startswith(("curl", "go-")) else int(text)
    if told != rows:
        sys.exit(f"{name}: told of {told} rows, want {rows}")


def lines_of(path):
    with open(path, "rb") as f:
        return sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))


def one(name, command, server, work, csv, rows):
    stdout = f"{work}/stdout"
    job = None
    if name == CURL:
        job = server.new_job()
        command = curl(server, csv, job)
    cost = measure(command, stdout)
    if job is not None:
        server.close_job(job)
    check(name, server, rows, stdout)
    if "result files" in name:
        if lines_of(f"{work}/good.csv") != rows + 1 or lines_of(f"{work}/bad.csv") != 1:
            sys.exit(f"{name}: its success file has not all rows")
    return cost


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--sizes", default="15,150,1500")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not options.no_peers:
        prepare_peers()
    work = tempfile.mkdtemp(prefix="bench-bulk-")
    server, nginx = Server(work), None
    try:
        csv = f"{work}/rows.csv"
        write_csv(csv, options.rows)
        megabytes = os.path.getsize(csv) / 1e6
        none = ["--success", "none", "--errors", "none"]
        table = [
            (CURL, []),
            ("sforce load", load(server, csv, *none)),
            ("sforce load, no journal", load(server, csv, "--journal", "none", *none)),
            ("sforce load, result files", load(server, csv, "--success", f"{work}/good.csv", "--errors", f"{work}/bad.csv")),
        ]
        if not options.no_peers:
            cli = sf_cli.prepare(TOP, work, server.url)
            if cli is None:
                print("sf is not installed: tests/interop/setup does it", file=sys.stderr)
            else: # --wait: minutes; it looks every five seconds, the first time at once
                table.append((f"sf {cli[1]}, data import bulk", [*cli[0], "data", "import", "bulk", "--file", csv, "--sobject", "Contact",
                                                                 "--line-ending", "LF", "--wait", "5", "--target-org", "bench",
                                                                 "--api-version", "62.0", "--json"]))
            table += [("jsforce 3.10.16, bulk2", ["node", f"{TOP}/bench/bulk/jsforce.js", server.url, csv]),
                      ("go-salesforce 3.1.0, jobs of 10,000", [f"{BUILD}/go-salesforce-bulk", server.url, csv]),
                      ("simple-salesforce 1.12.10, bulk2", [f"{BUILD}/venv/bin/python", f"{TOP}/bench/bulk/simple.py", server.url, csv])]
        nginx = Nginx(work, options.rows)
        table += [("curl -T, into nginx", curl(nginx, csv, "7505e00000AbCdEAAV")),
                  ("sforce load, into nginx, one job", load(nginx, csv, "--job-bytes", "150000000", *none))]
        samples = {name: [] for name, _ in table}
        for _ in range(options.runs):
            for name, command in table:
                samples[name].append(one(name, command, server, work, csv, options.rows))
        median = {name: [statistics.median(s[k] for s in samples[name]) for k in range(3)] for name, _ in table}
        lines = ["| client | MB | wall s | CPU s | spread | peak MiB | CPU / curl | wall / curl |", "|---|---|---|---|---|---|---|---|"]
        for name, _ in table:
            wall, cpu, peak = median[name]
            base = median["curl -T, into nginx" if "nginx" in name else CURL]
            spread = max(s[1] for s in samples[name]) - min(s[1] for s in samples[name])
            lines.append(f"| {name} | {megabytes:.0f} | {wall:.2f} | {cpu:.2f} | {spread:.2f} | {peak:.0f} | {cpu / base[1]:.2f} | {wall / base[0]:.2f} |")
        for size in [int(s) for s in options.sizes.split(",") if s]:
            rows = int(options.rows * size / megabytes)
            write_csv(csv, rows)
            wall, cpu, peak = one("sforce load", load(server, csv, *none), server, work, csv, rows)
            lines.append(f"| sforce load | {size} | {wall:.2f} | {cpu:.2f} | – | {peak:.0f} | – | – |")
        text = "\n".join(lines)
        print(text)
        if options.write:
            path = f"{TOP}/docs/performance.md"
            doc = open(path).read()
            if "<!-- bench/bulk -->" not in doc:
                sys.exit("docs/performance.md has no place for bench/bulk")
            doc = re.sub(r"(<!-- bench/bulk -->\n).*?(<!-- end -->)", lambda m: m.group(1) + text + "\n" + m.group(2), doc, flags=re.S)
            open(path, "w").write(doc)
    finally:
        for process in [server.process] + ([nginx.process] if nginx is not None else []):
            process.terminate()
            process.wait()
        shutil.rmtree(work)


main()
