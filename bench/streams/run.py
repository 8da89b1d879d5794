"""run.py: one body of SIZE MB to a file and from a file, by our library and by curl in turns, ten times each against one
small server: CPU seconds of the client (user + system), wall seconds, peak memory. Called by bench/streams/run."""
import os, socket, statistics, subprocess, sys, tempfile, threading, time

size = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 500_000_000
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
program = "build/release/bin/bench_streams_transfer"
block = os.urandom(1 << 20)


def serve(connection):
    buffer = bytearray(1 << 20)
    head = b""
    while b"\r\n\r\n" not in head:
        got = connection.recv(65536)
        if not got:
            return
        head += got
    head, body = head.split(b"\r\n\r\n", 1)
    if head.startswith(b"GET"):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % size)
        left = size
        while left > 0:
            connection.sendall(block[:left] if left < len(block) else block)
            left -= len(block)
    else:
        left = size - len(body)
        if b"100-continue" in head.lower():
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while left > 0:
            got = connection.recv_into(buffer)
            if got == 0:
                return
            left -= got
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
    connection.close()


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def measure(command):
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = child.stdout.read().split()
    _, status, use = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    assert status == 0, command
    return use.ru_utime + use.ru_stime, wall, int(text[1]) / 1024 if len(text) > 1 else 0  # curl does not say


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=accept, args=(listener,), daemon=True).start()
url = "http://127.0.0.1:%d" % listener.getsockname()[1]
with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
    there, source = os.path.join(folder, "down"), os.path.join(folder, "up")
    with open(source, "wb") as f:
        for at in range(0, size, len(block)):
            f.write(block[: min(len(block), size - at)])
    ways = {
        "ours down": [program, "get", url, "/x", there],
        "curl down": ["curl", "-s", "-o", there, url + "/x"],
        "ours up": [program, "put", url, "/x", source],
        "curl up": ["curl", "-s", "-H", "Expect:", "-T", source, url + "/x"],
    }
    results = {name: [] for name in ways}
    for _ in range(rounds):
        for name, command in ways.items():
            results[name].append(measure(command))
            if name.endswith("down"):
                assert os.path.getsize(there) == size
                os.unlink(there)
print("%d MB, %d rounds: median (least to most) of CPU seconds; wall seconds; peak MiB" % (size // 1000000, rounds))
for name, values in results.items():
    cpu, wall, peak = zip(*values)
    print("%-10s %.2f (%.2f to %.2f)   %.2f   %.1f" % (name, statistics.median(cpu), min(cpu), max(cpu), statistics.median(wall), max(peak)))
