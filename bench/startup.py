#!/usr/bin/env python3
"""How long a person waits: sforce --version beside curl --version, and one small query beside curl asking the same URL of the
same local org. Medians of whole processes, in turns. usage: bench/startup.py [--runs N] (needs a release build)"""
import argparse
import json
import os
import statistics
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(TOP, "build", "release", "bin")


def once(command, env):
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    if status != 0:
        raise SystemExit(f"{command} failed")
    return (time.monotonic() - started) * 1000, (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args().runs
    org = subprocess.Popen([f"{BIN}/sforce-org", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True)
    try:
        login = json.loads(org.stdout.readline())
        env = dict(os.environ, SF_ACCESS_TOKEN=login["access_token"], SF_ORG_INSTANCE_URL=login["url"], SF_ORG_API_VERSION="62.0")
        url = login["url"] + "/services/data/v62.0/query?q=SELECT+Id,Name+FROM+Account+LIMIT+5"
        header = os.path.join("/tmp", f"startup-{os.getpid()}.header")
        with open(os.open(header, os.O_CREAT | os.O_WRONLY, 0o600), "w") as out:
            out.write(f"Authorization: Bearer {login['access_token']}\n")
        commands = {
            "curl --version": ["curl", "--version"],
            "sforce --version": [f"{BIN}/sforce", "--version"],
            "curl, small query": ["curl", "-s", "-f", "--compressed", "-H", f"@{header}", url],
            "sforce query -r csv": [f"{BIN}/sforce", "query", "-r", "csv", "SELECT Id,Name FROM Account LIMIT 5"],
        }
        samples = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                samples[name].append(once(command, env))
        os.unlink(header)
        print("| command | wall ms | CPU ms | peak MiB |\n|---|---|---|---|")
        for name, got in samples.items():
            print("| {} | {:.1f} | {:.1f} | {:.0f} |".format(name, *(statistics.median(s[k] for s in got) for k in range(3))))
    finally:
        org.terminate()
        org.wait()


main()
