#!/usr/bin/env python3
"""bench/writer: 100,000 records created 200 at a time against a neutral server; whole processes, medians, jsforce in the same
run. Then once against sforce-org, whose rows are counted.

usage: bench/writer/run [--runs N] [--rows N] [--no-peers] [--write]   (--write puts the table into docs/performance.md)
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "bench")
BIN = os.path.join(TOP, "build", "release", "bin")


def measure(command, stdout):
    """Run one whole process: wall seconds, CPU seconds, peak MiB."""
    with open(stdout, "wb") as out:
        done = subprocess.run([f"{BIN}/bench_writer_measure", f"{stdout}.cost"] + command, stdout=out, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr.decode()[-400:]}")
    wall, cpu, peak = open(f"{stdout}.cost").read().split()
    return float(wall), float(cpu), int(peak) / 1024


def prepare_peers():
    if os.path.exists(f"{BUILD}/node_modules/jsforce"):
        return
    os.makedirs(BUILD, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(f"{TOP}/bench/peers/{name}", BUILD)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=BUILD, check=True, stdout=subprocess.DEVNULL)


def fetch(url, token=None):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    return urllib.request.urlopen(request, timeout=60).read().decode()


def write_ndjson(path, rows):
    with open(path, "w") as out:
        for i in range(rows):
            out.write(json.dumps({"Name": f"Company {i} Müller & Söhne", "Phone": f"+41 44 {i:07d}", "Industry": "Energy",
                                  "BillingCity": "Zürich", "NumberOfEmployees": i % 5000, "AnnualRevenue": i * 1000.5,
                                  "Description": 'Makes "things" of many kinds,\nand sells them everywhere.'},
                                 ensure_ascii=False) + "\n")


def against_org(rows, work):
    """libsalesforce against sforce-org: wall, CPU, peak; the org says how many rows it has."""
    with open(f"{work}/org.json", "w") as out:
        org = subprocess.Popen([f"{BIN}/sforce-org", "--port", "0", "--data", f"{work}/org.db", "--json"], stdout=out,
                               stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if os.path.getsize(f"{work}/org.json"):
                break
            time.sleep(0.05)
        login = json.load(open(f"{work}/org.json"))
        result = measure([f"{BIN}/bench_writer_ours", login["url"], str(rows), login["access_token"]], f"{work}/stdout")
        soql = urllib.parse.quote("SELECT COUNT() FROM Account WHERE Name LIKE 'Company %'")
        there = json.loads(fetch(f"{login['url']}/services/data/v62.0/query?q={soql}", login["access_token"]))["totalSize"]
        if there != rows:
            sys.exit(f"sforce-org holds {there} rows, want {rows}")
        return result
    finally:
        org.terminate()
        org.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = options.rows
    if not options.no_peers:
        prepare_peers()
    work = tempfile.mkdtemp(prefix="bench-writer-")
    server = subprocess.Popen([f"{BIN}/bench_writer_server"], stdout=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        write_ndjson(f"{work}/rows.ndjson", rows)
        sforce = ["env", "SF_ACCESS_TOKEN=00Dbench!token", f"SF_ORG_INSTANCE_URL={url}", "SF_ORG_API_VERSION=62.0", f"{BIN}/sforce"]
        table = [
            ("libsalesforce, sf_writer", [f"{BIN}/bench_writer_ours", url, str(rows)]),
            ("sforce write FILE.ndjson", sforce + ["write", "Account", f"{work}/rows.ndjson", "--insert", "-r", "ndjson",
                                                   "-O", f"{work}/results.ndjson"]),
        ]
        if not options.no_peers:
            table.append(("jsforce 3.10.16, create()", ["node", f"{TOP}/bench/writer/jsforce.js", url, str(rows)]))
        samples = {name: [] for name, _ in table}
        printed = set()
        for _ in range(options.runs):
            for name, command in table:
                samples[name].append(measure(command, f"{work}/stdout"))
                seen = int(fetch(f"{url}/count"))
                if seen != rows:
                    sys.exit(f"{name}: the server saw {seen} rows, want {rows}")
                if name.startswith("sforce"):
                    with open(f"{work}/results.ndjson") as results:
                        told = sum('"success":true' in line for line in results)
                    os.remove(f"{work}/results.ndjson")
                    if told != rows:
                        sys.exit(f"{name}: told of {told} rows, want {rows}")
                else:
                    printed.add(open(f"{work}/stdout").read().strip())
        if len(printed) != 1 or not printed.copy().pop().startswith(f"{rows} "):
            sys.exit(f"the clients read different results: {printed}")
        median = {name: [statistics.median(s[k] for s in samples[name]) for k in range(3)] for name, _ in table}
        base = median[table[0][0]]
        lines = ["| client | server | wall s | CPU s | spread | peak MiB | CPU / ours | wall / ours |", "|---|---|---|---|---|---|---|---|"]
        for name, _ in table:
            wall, cpu, peak = median[name]
            spread = max(s[1] for s in samples[name]) - min(s[1] for s in samples[name])
            lines.append(f"| {name} | neutral | {wall:.2f} | {cpu:.2f} | {spread:.2f} | {peak:.0f} | {cpu / base[1]:.1f} | {wall / base[0]:.1f} |")
        wall, cpu, peak = against_org(rows, work)
        lines.append(f"| libsalesforce, sf_writer | sforce-org (rows counted) | {wall:.2f} | {cpu:.2f} | – | {peak:.0f} | {cpu / base[1]:.1f} | {wall / base[0]:.1f} |")
        text = "\n".join(lines)
        print(text)
        if options.write:
            path = f"{TOP}/docs/performance.md"
            doc = open(path).read()
            if "<!-- bench/writer -->" not in doc:
                sys.exit("docs/performance.md has no place for bench/writer")
            doc = re.sub(r"(<!-- bench/writer -->\n).*?(<!-- end -->)", lambda m: m.group(1) + text + "\n" + m.group(2), doc, flags=re.S)
            open(path, "w").write(doc)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(work)


main()
