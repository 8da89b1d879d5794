#!/usr/bin/env python3
"""bench/export: 1,000,000 rows (about 183 MB of CSV) of a bulk query from a neutral nginx, in one page and in 20: sforce export
as whole processes beside `curl -o` of the same bytes, in turns: medians of CPU and wall seconds, peak memory. And of an org that
takes its time for each row of a job (slow.py), in one job and in ranges of ids. Every result is
compared with what was served, of the peers the number of its rows. Usage: bench/export/run [ROUNDS]; peers are measured where
bench/bulk/run and tests/interop/setup have installed them; BENCH_WAYS="curl|one page" measures some ways only."""
import csv, filecmp, gzip, json, os, random, shutil, socket, sqlite3, statistics, subprocess, sys, tempfile, time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SFORCE = os.environ.get("SFORCE_BIN", os.path.join(TOP, "build", "release", "bin", "sforce"))
BENCH = os.path.join(TOP, "build", "bench")
sys.path.insert(0, os.path.join(TOP, "bench", "peers"))
import sf as sf_cli  # noqa: E402
import slow  # noqa: E402

ROWS, PAGES = 1_000_000, 20
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
HEADER = b'"Id","Name","Description","Email","CreatedDate","Amount","Account.Name"\n'
JOB = "7505g00000XyZ02AAF"

NGINX = """
worker_processes 1; daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; default_type application/json; sendfile on; tcp_nopush on;
  client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  {servers}
}}
"""
SERVER = """server {{ listen 127.0.0.1:{port}; root {work}; error_page 405 =200 $uri;
  location = /services/data/v62.0/jobs/query {{ return 200 '{created}'; }}
  location = /services/data/v62.0/jobs/query/{job} {{ return 200 '{done}'; }}
  location = /services/data/v62.0/query {{ return 200 '{organization}'; }}
  location = /services/data/v62.0 {{ return 200 '{{"sobjects":"/services/data/v62.0/sobjects"}}'; }}
  location = /services/data/v62.0/jobs/query/{job}/resultPages {{ {list} }}
  {results}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def make(work):
    """whole.csv, and the same in pages with the header line each."""
    rng = random.Random(1)
    names = ["Zoë Müller", "O'Brien, Pat", 'Smith ""Jr""', "Łukasz Nowak", "Ng", "A rather longer name of a company, Ltd."]
    with open(f"{work}/whole.csv", "wb") as whole:
        whole.write(HEADER)
        for p in range(PAGES):
            rows = []
            for i in range(ROWS // PAGES):
                n = p * (ROWS // PAGES) + i
                rows.append('"0035g%010dAAA","%s %d","%s","u%d@example.com","2024-%02d-%02dT22:10:05.000Z","%d.0","%s"\n' % (
                    n, rng.choice(names), n, "line one\nline two of it" if n % 9 == 0 else "a few words of text here", n,
                    n % 12 + 1, n % 28 + 1, rng.randrange(10**6), rng.choice(names)))
            text = "".join(rows).encode()
            whole.write(text)
            with open(f"{work}/page{p}.csv", "wb") as page:
                page.write(HEADER + text)


def server(work, port, pages):
    job = {"id": JOB, "operation": "query", "object": "Contact", "createdDate": "2024-11-23T22:12:00.000+0000", "state": "JobComplete",
           "apiVersion": 62.0, "jobType": "V2Query", "lineEnding": "LF", "columnDelimiter": "COMMA"}
    base = f"/services/data/v62.0/jobs/query/{JOB}/results"
    if pages == 1:
        results = f"""location = {base} {{ alias {work}/whole.csv; default_type text/csv;
            add_header Sforce-NumberOfRecords {ROWS}; add_header Sforce-Locator null; }}"""
        names = "return 404 '[{\"errorCode\":\"NOT_FOUND\",\"message\":\"none\"}]';"
    else:
        results = f"location = {base} {{ if ($arg_locator = '') {{ rewrite ^ /p0 last; }} rewrite ^ /p$arg_locator last; }}\n"
        for p in range(pages):
            results += f"""location = /p{p} {{ internal; alias {work}/page{p}.csv; default_type text/csv;
                add_header Sforce-NumberOfRecords {ROWS // pages}; add_header Sforce-Locator {p + 1 if p + 1 < pages else 'null'}; }}\n"""
        names = "return 200 '%s';" % json.dumps({"resultPages": [{"resultUrl": f"{base}?locator={p}"} for p in range(pages)], "done": True})
    return SERVER.format(work=work, port=port, job=JOB, organization=json.dumps(sf_cli.ANSWER), created=json.dumps(job | {"state": "UploadComplete"}),
                         done=json.dumps(job | {"numberRecordsProcessed": ROWS}), list=names, results=results)


def measure(command, env):
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    said = child.stderr.read().decode()
    _, status, use = os.wait4(child.pid, 0)
    assert status == 0, (command, said)
    return use.ru_utime + use.ru_stime, time.monotonic() - started


def peak_of(command, env):
    """MiB, looked at while it runs: what wait4 says is at least what we had ourselves when we forked."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    peak = 0
    while child.poll() is None:
        try:
            with open(f"/proc/{child.pid}/status") as f:
                peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith("VmHWM")])
        except OSError:
            pass
        time.sleep(0.002)
    return peak / 1024


def check(path, work):
    if path.endswith(".gz"):
        with gzip.open(path) as got, open(f"{work}/whole.csv", "rb") as want:
            while True:
                a, b = got.read(1 << 20), want.read(1 << 20)
                assert a == b
                if not a:
                    return
    if path.endswith(".zst"):
        with open(f"{path}.out", "wb") as out:
            subprocess.run(["zstd", "-dqc", path], stdout=out, check=True)
        assert filecmp.cmp(f"{path}.out", f"{work}/whole.csv", shallow=False)
        os.unlink(f"{path}.out")
    elif path.endswith(".peer.csv"):
        with open(path, encoding="utf-8", newline="") as f:
            rows = sum(1 for _ in csv.reader(f)) - 1
        if rows != ROWS:
            print(f"{os.path.basename(path)}: {rows} rows", file=sys.stderr)
    elif path.endswith(".csv"):
        assert filecmp.cmp(path, f"{work}/whole.csv", shallow=False)
    elif path.endswith(".ndjson"):
        with open(path) as f:
            assert sum(1 for line in f if json.loads(line)["Id"]) == ROWS
    else:
        db = sqlite3.connect(path)
        assert db.execute("SELECT count(DISTINCT Id) FROM Contact").fetchone()[0] == ROWS
        db.close()


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as work:
        make(work)
        org = slow.SlowOrg(f"{work}/whole.csv", HEADER, ROWS)
        one, many = free_port(), free_port()
        with open(f"{work}/nginx.conf", "w") as f:
            f.write(NGINX.format(work=work, servers=server(work, one, 1) + server(work, many, PAGES)))
        nginx = subprocess.Popen(["nginx", "-p", work, "-c", f"{work}/nginx.conf"], stderr=subprocess.DEVNULL)
        try:
            run(work, one, many, org.server_port)
        finally:
            nginx.terminate()
            nginx.wait()


def peers(work, url, soql):
    """What of them is there."""
    ways = {}
    cli = sf_cli.prepare(TOP, work, url)
    if cli is not None:
        path = f"{work}/sf.peer.csv"
        ways[f"sf {cli[1]}"] = ([*cli[0], "data", "export", "bulk", "--query", soql, "--output-file", path, "--result-format", "csv",
                                 "--wait", "5", "--target-org", "bench", "--api-version", "62.0"], path)
    if os.path.exists(f"{BENCH}/node_modules/jsforce"):
        ways["jsforce 3.10.16"] = (["node", f"{TOP}/bench/export/jsforce.js", url, soql, f"{work}/js.peer.csv"], f"{work}/js.peer.csv")
    if os.path.exists(f"{BENCH}/venv/bin/python"):
        ways["simple-salesforce 1.12.10"] = ([f"{BENCH}/venv/bin/python", f"{TOP}/bench/export/simple.py", url, soql, f"{work}/py.peer.csv"],
                                             f"{work}/py.peer.csv")
    if shutil.which("go") and os.path.isdir(BENCH):
        binary = f"{BENCH}/go-salesforce-export"
        subprocess.run(["go", "build", "-o", binary, f"{TOP}/bench/export/gosf.go"], cwd=f"{TOP}/bench/query/go", check=True)
        ways["go-salesforce 3.1.0"] = ([binary, url, soql, f"{work}/go.peer.csv"], f"{work}/go.peer.csv")
    return ways


def run(work, one, many, slow_port):
    for port in one, many:
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SF_", "SFDX_", "SFORCE_"))} | {
        "HOME": work, "XDG_CONFIG_HOME": f"{work}/config", "XDG_DATA_HOME": f"{work}/data", "XDG_STATE_HOME": f"{work}/state",
        "SF_ACCESS_TOKEN": "00D5g00000AaAaA!token"}
    soql = "SELECT Id, Name, Description, Email, CreatedDate, Amount, Account.Name FROM Contact"

    def ours(port, name, *flags):
        return (["env", f"SF_ORG_INSTANCE_URL=http://127.0.0.1:{port}", SFORCE, "export", soql, "--api-version", "62.0", "--quiet", "-O",
                 f"{work}/{name}", *flags], f"{work}/{name}")

    url = f"http://127.0.0.1:{one}/services/data/v62.0/jobs/query/{JOB}/results"
    ways = {"curl -o": (["curl", "-s", "-o", f"{work}/curl.csv", url], f"{work}/curl.csv"),
            "csv, one page": ours(one, "a.csv"),
            f"csv, {PAGES} pages": ours(many, "b.csv"),
            "csv, no journal": ours(one, "j.csv", "--journal", "none"),
            f"csv, {PAGES} pages in turn": ours(many, "c.csv", "--parallel", "1"),
            "csv.gz": ours(many, "d.csv.gz"), "csv.zst": ours(many, "g.csv.zst"), "ndjson": ours(many, "e.ndjson"), "sqlite": ours(many, "f.db"),
            "slow org, one job": ours(slow_port, "h.csv"), "slow org, 8 ranges": ours(slow_port, "i.csv", "--partitions", "8")}
    ways |= peers(work, f"http://127.0.0.1:{one}", soql)
    if os.environ.get("BENCH_WAYS"):
        ways = {k: v for k, v in ways.items() if any(w in k for w in os.environ["BENCH_WAYS"].split("|"))}
    results = {name: [] for name in ways}
    for turn in range(ROUNDS):
        for name, (command, path) in ways.items():
            if turn > 2 and (name in ("csv.gz", "csv.zst", "ndjson", "sqlite") or name.startswith("slow") or path.endswith(".peer.csv")):
                continue
            results[name].append(measure(command, env))
            if turn == 0:
                check(path, work)
            os.unlink(path)
    peaks = {}
    for name, (command, path) in ways.items():
        peaks[name] = peak_of(command, env)
        os.unlink(path)
    size = os.path.getsize(f"{work}/whole.csv")
    print(f"{ROWS:,} rows, {size / 1e6:.0f} MB, {ROUNDS} rounds: CPU seconds, median (least to most); wall; peak MiB")
    for name, values in results.items():
        cpu, wall = zip(*values)
        print(f"{name:24} {statistics.median(cpu):6.2f} ({min(cpu):.2f} to {max(cpu):.2f}) {statistics.median(wall):6.2f} {peaks[name]:7.1f}")


main()
