"""A company proxy in miniature: takes CONNECT to any host, ends TLS with its own certificate, hands the bytes to the org.

simple-salesforce always speaks https and logs in at https://DOMAIN.salesforce.com; with HTTPS_PROXY and REQUESTS_CA_BUNDLE
set, as its users behind such a proxy have them, it reaches the org unmodified. The hosts that were asked for are kept.
"""
import socket
import socketserver
import ssl
import threading


def _copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass  # the other direction ended the connection
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # ended already


class _Handler(socketserver.BaseRequestHandler):
    def handle(self):
        head = b""
        while b"\r\n\r\n" not in head and len(head) < 16384:
            data = self.request.recv(1024)
            if not data:
                return
            head += data
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        if method != "CONNECT":
            self.request.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return
        self.server.hosts.add(target)
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            secure = self.server.tls.wrap_socket(self.request, server_side=True)
        except OSError:
            return  # the client does not trust us: its side tells
        with secure, socket.create_connection(self.server.org) as org:
            back = threading.Thread(target=_copy, args=(org, secure), daemon=True)
            back.start()
            _copy(secure, org)
            back.join()


class TlsProxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, org, certificate, key):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.org = org
        self.hosts = set()
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"
