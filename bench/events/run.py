#!/usr/bin/env python3
"""bench/events: changes of some 800 bytes, 500 an answer, from a canned Bayeux server; every client reads the header and two fields of
each. Whole processes, medians, jsforce, cometd and faye in the same run; curl only receives the same bytes. The server counts
events and sessions, and all clients must have added up the same.

usage: bench/events/run [--runs N] [--events N] [--peer-events N] [--no-peers] [--write]   (--write: into docs/performance.md)
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "bench")
BIN = os.path.join(TOP, "build", "release", "bin")
PEERS = [("jsforce 3.10.16", "jsforce"), ("cometd 9.0.0", "cometd"), ("faye 1.4.3", "faye")]


def prepare_peers():
    if all(os.path.exists(f"{BUILD}/node_modules/{name}") for name in ("jsforce", "cometd", "cometd-nodejs-client", "faye")):
        return
    os.makedirs(BUILD, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(f"{TOP}/bench/peers/{name}", BUILD)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=BUILD, check=True, stdout=subprocess.DEVNULL)


class Server:
    """The canned server, which ends after so many events a session."""

    def __init__(self, events, *flags):
        self.process = subprocess.Popen([f"{BIN}/bench_events_server", str(events), *flags], stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"
        self.events = events

    def check(self, name):
        sent, handshakes, size = [int(n) for n in urllib.request.urlopen(f"{self.url}/count").read().split()]
        if sent != self.events or handshakes != 1:
            sys.exit(f"{name}: the server sent {sent} events in {handshakes} sessions, want {self.events} in one")
        return size

    def close(self):
        self.process.terminate()
        self.process.wait()


def measure(command, stdout):
    """Run one whole process: wall seconds, CPU seconds, peak MiB; what it printed."""
    with open("/dev/null" if "--max-idle" in command else stdout, "wb") as out:
        done = subprocess.run([f"{BIN}/bench_writer_measure", f"{stdout}.cost"] + command, stdout=out, stderr=subprocess.PIPE)
    if done.returncode != 0 and not (done.returncode == 8 and "--max-idle" in command): # sforce's way to end by itself
        sys.exit(f"{command} failed: {done.stderr.decode()[-400:]}")
    wall, cpu, peak = open(f"{stdout}.cost").read().split()
    printed = open(stdout).read().strip() if os.path.exists(stdout) else ""
    return (float(wall), float(cpu), int(peak) / 1024), printed, done.stderr.decode().strip()


def row(name, events, samples, floor):
    wall, cpu, peak = [statistics.median(s[k] for s in samples) for k in range(3)]
    each = cpu / events * 1e6
    spread = (max(s[1] for s in samples) - min(s[1] for s in samples)) / events * 1e6
    rate = "–" if name.startswith("sforce") else f"{events / wall:,.0f}" # it waits for more before it ends
    return f"| {name} | {events} | {each:.2f} | {spread:.2f} | {rate} | {peak:.0f} | {each / floor:.1f} |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--events", type=int, default=1000000)
    parser.add_argument("--peer-events", type=int, default=200000)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not options.no_peers:
        prepare_peers()
    # Not in /tmp, which may be memory: a checkpoint is to reach a disk.
    os.makedirs(BUILD, exist_ok=True)
    work = tempfile.mkdtemp(prefix="events-", dir=BUILD)
    large, small = Server(options.events), Server(options.peer_events)

    def ours(server, extra=()):
        return lambda: [f"{BIN}/bench_events_ours", server.url, str(server.events), f"{work}/positions.json", *extra]

    table = [("curl (receives, and no more)", large, lambda: [f"{BIN}/bench_events_curl", large.url, str(large.events)]),
             ("libsalesforce, positions in a file", large, ours(large)),
             ("libsalesforce, positions in memory", large, ours(large, ["memory"])),
             ("sforce listen -r ndjson, to /dev/null", large, lambda: [
                 "env", "SF_ACCESS_TOKEN=00Dbench!token", f"SF_ORG_INSTANCE_URL={large.url}", "SF_ORG_API_VERSION=64.0", f"{BIN}/sforce",
                 "listen", "/data/ChangeEvents", "--replay", "earliest", "--max-idle", "1s", "--quiet", "-r", "ndjson"]),
             ("libsalesforce, positions in a file", small, ours(small))]
    if not options.no_peers:
        table += [(name, small, lambda script=script: ["node", f"{TOP}/bench/events/{script}.js", small.url, str(small.events)])
                  for name, script in PEERS]
    try:
        samples = [[] for _ in table]
        sums = {large: set(), small: set()}
        flat, size = [], 0
        for _ in range(options.runs):
            for i, (name, server, command) in enumerate(table):
                for file in os.listdir(work):
                    os.remove(f"{work}/{file}")
                cost, printed, told = measure(command(), f"{work}/stdout")
                size = server.check(name)
                samples[i].append(cost)
                if not name.startswith(("curl", "sforce")):
                    sums[server].add(printed)
                if server is large and "file" in name:
                    flat.append([int(n) for n in told.split()])
        for server, seen in sums.items():
            if len(seen) != 1 or not next(iter(seen)).startswith(f"{server.events} "):
                sys.exit(f"the clients read different events: {seen}")
        floor = statistics.median(s[1] for s in samples[0]) / options.events * 1e6
        lines = ["| client | events | CPU us / event | spread | events / s | peak MiB | CPU / curl |", "|---|---|---|---|---|---|---|"]
        lines += [row(name, server.events, samples[i], floor) for i, (name, server, _) in enumerate(table)]
        early, late = [statistics.median(f[k] for f in flat) / 1024 for k in range(2)]
        lines += ["", f"An event was {size} bytes long. Peak of memory after a tenth of the events {early:.1f} MiB, after all of them {late:.1f} MiB."]
        text = "\n".join(lines)
        print(text)
        print(f"load of the machine: {' '.join(open('/proc/loadavg').read().split()[:3])}", file=sys.stderr)
        if options.write:
            path = f"{TOP}/docs/performance.md"
            doc = open(path).read()
            if "<!-- bench/events -->" not in doc:
                sys.exit("docs/performance.md has no place for bench/events")
            doc = re.sub(r"(<!-- bench/events -->\n).*?(<!-- end -->)", lambda m: m.group(1) + text + "\n" + m.group(2), doc, flags=re.S)
            open(path, "w").write(doc)
    finally:
        large.close()
        small.close()
        shutil.rmtree(work)


main()
