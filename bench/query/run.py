#!/usr/bin/env python3
"""bench/query: 200,000 records in 100 canned pages from a neutral nginx; whole processes, medians, peers in the same run.

usage: bench/query/run [--runs N] [--only NAME,NAME] [--write]   (--write puts the table into docs/performance.md)
"""
import argparse
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "bench")
BIN = os.path.join(TOP, "build", "release", "bin")
PAGES = 100

NGINX = r"""
worker_processes 1; daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; default_type application/json; sendfile on; tcp_nopush on; keepalive_requests 100000;
  client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  server {{ listen 127.0.0.1:{port}; gzip_static on; include {work}/pages.conf; }}
  server {{ listen 127.0.0.1:{plain_port}; include {work}/pages.conf; }} # whatever a client accepts: plain
}}
"""

PAGES_CONF = r"""
root {work}/root;
location = /services/data/v62.0/query {{ try_files /services/data/v62.0/query/01g5g00000QcQcQAAV-0 =404; }}
location = /services/data/v62.0/query/ {{ rewrite ^ /services/data/v62.0/query/01g5g00000QcQcQAAV-0 last; }}
# go-salesforce 3.1.0 takes only its own default version's prefix off nextRecordsUrl: answer what it asks for instead.
location /services/data/v63.0/ {{
  rewrite ^/services/data/v63\.0(/services/.*)$ $1 last;
  rewrite ^ /services/data/v62.0/query/01g5g00000QcQcQAAV-0 last;
}}
location /services/ {{ }}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def measure(command, stdout):
    """Run one whole process: wall seconds, CPU seconds, peak MiB, what it printed."""
    started = time.monotonic()
    with open(stdout, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, env=dict(os.environ, XDG_CONFIG_HOME=BUILD))
        err = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    wall = time.monotonic() - started
    if status != 0:
        sys.exit(f"{command[0]} failed: {err.decode()[-400:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def clients(url, plain_url, work, want_peers):
    locators = f"/services/data/v62.0/query/01g5g00000QcQcQAAV-[0-{(PAGES - 1) * 2000}:2000]"
    sforce_env = ["env", "SF_ACCESS_TOKEN=00Dbench!token", f"SF_ORG_INSTANCE_URL={plain_url}", "SF_ORG_API_VERSION=62.0"]
    soql = "SELECT Id,FirstName,LastName,Email,Phone,Title,Department,AccountId,OwnerId,MailingStreet,MailingCity,MailingPostalCode,MailingCountry,Description,HasOptedOutOfEmail,NumberOfVisits__c,Revenue__c,CreatedDate,LastModifiedDate,SystemModstamp FROM Contact"
    table = [
        ("curl (plain, to /dev/null)", "plain", "curl", ["curl", "-s", "-o", "/dev/null", plain_url + locators]),
        ("libsalesforce", "plain", "curl", [f"{BIN}/bench_query_ours", plain_url, "plain"]),
        ("libsalesforce, 3 fields", "plain", "curl", [f"{BIN}/bench_query_three_fields", plain_url, "plain"]),
        ("sforce query -r csv", "plain", "curl", sforce_env + [f"{BIN}/sforce", "query", "-r", "csv", "-O", f"{work}/out.csv", soql]),
        ("sforce query -r ndjson", "plain", "curl", sforce_env + [f"{BIN}/sforce", "query", "-r", "ndjson", "-O", f"{work}/out.ndjson", soql]),
        ("curl --compressed", "gzip", "curlz", ["curl", "-s", "--compressed", "-o", "/dev/null", url + locators]),
        ("libsalesforce", "gzip", "curlz", [f"{BIN}/bench_query_ours", url, "gzip"]),
        ("libsalesforce, 3 fields", "gzip", "curlz", [f"{BIN}/bench_query_three_fields", url, "gzip"]),
    ]
    if want_peers:
        table += [
            ("jsforce 3.10.16", "gzip", "curlz", ["node", f"{TOP}/bench/query/jsforce.js", url]),
            ("simple-salesforce 1.12.10", "gzip", "curlz", [f"{BUILD}/venv/bin/python", f"{TOP}/bench/query/simple.py", url]),
            ("go-salesforce 3.1.0", "gzip", "curlz", [f"{BUILD}/go-salesforce", url]),
        ]
    return table


def prepare_peers():
    os.makedirs(BUILD, exist_ok=True)
    if not os.path.exists(f"{BUILD}/node_modules/jsforce"):
        for name in ("package.json", "package-lock.json"):
            shutil.copy(f"{TOP}/bench/peers/{name}", BUILD)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=BUILD, check=True, stdout=subprocess.DEVNULL)
    if not os.path.exists(f"{BUILD}/venv/bin/python"):
        subprocess.run([sys.executable, "-m", "venv", f"{BUILD}/venv"], check=True)
        subprocess.run([f"{BUILD}/venv/bin/pip", "install", "-q", "-r", f"{TOP}/bench/peers/requirements.txt"], check=True)


    if not os.path.exists(f"{BUILD}/go-salesforce"):
        subprocess.run(["go", "build", "-o", f"{BUILD}/go-salesforce", "."], cwd=f"{TOP}/bench/query/go", check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not options.no_peers:
        prepare_peers()
    pages = os.path.join(BUILD, "pages", "services", "data", "v62.0", "query")
    subprocess.run([sys.executable, f"{TOP}/bench/query/make_pages.py", pages, str(PAGES)], check=True)
    want = open(f"{pages}/complete-{PAGES}").read().strip()

    work = tempfile.mkdtemp(prefix="bench-query-")
    os.symlink(os.path.join(BUILD, "pages"), f"{work}/root")
    port, plain_port = free_port(), free_port()
    for name, text in (("nginx.conf", NGINX), ("pages.conf", PAGES_CONF)):
        with open(f"{work}/{name}", "w") as conf:
            conf.write(text.format(work=work, port=port, plain_port=plain_port))
    nginx = subprocess.Popen(["nginx", "-p", work, "-c", f"{work}/nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", plain_port)).close()
                break
            except OSError:
                time.sleep(0.05)
        rows = []
        table = [c for c in clients(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{plain_port}", work, not options.no_peers)
                 if not options.only or any(o in c[0] for o in options.only.split(","))]
        samples = {i: [] for i in range(len(table))}
        for run in range(options.runs):
            for i, (name, _, _, command) in enumerate(table):
                if run > 2 and name.startswith(("jsforce", "simple", "go-")):
                    continue  # slow ones: three runs are enough for a median
                samples[i].append(measure(command, f"{work}/stdout"))
                printed = open(f"{work}/stdout").read().split()
                if printed and "curl" not in name and "sforce query" not in name and printed != ["200000", want]:
                    sys.exit(f"{name}: got {printed}, want 200000 {want}")
                for out in ("out.csv", "out.ndjson"):
                    if name.endswith(out[4:]) and os.path.exists(f"{work}/{out}"):
                        os.remove(f"{work}/{out}")
        base = {}
        for i, (name, pages_kind, group, _) in enumerate(table):
            wall, cpu, peak = (statistics.median(s[k] for s in samples[i]) for k in range(3))
            if name.startswith("curl"):
                base[group] = (wall, cpu)
            b = base.get(group, (wall, cpu))
            spread = max(s[1] for s in samples[i]) - min(s[1] for s in samples[i])
            rows.append((name, pages_kind, wall, cpu, spread, peak, cpu / b[1], wall / b[0]))
        lines = ["| client | pages | wall s | CPU s | spread | peak MiB | CPU / curl | wall / curl |", "|---|---|---|---|---|---|---|---|"]
        lines += [f"| {r[0]} | {r[1]} | {r[2]:.2f} | {r[3]:.2f} | {r[4]:.2f} | {r[5]:.0f} | {r[6]:.2f} | {r[7]:.2f} |" for r in rows]
        text = "\n".join(lines)
        print(text)
        if options.write:
            path = f"{TOP}/docs/performance.md"
            doc = open(path).read()
            doc = re.sub(r"(<!-- bench/query -->\n).*?(\n<!-- end -->)", lambda m: m.group(1) + text + m.group(2), doc, flags=re.S)
            open(path, "w").write(doc)
    finally:
        nginx.terminate()
        nginx.wait()
        shutil.rmtree(work)


main()
