#!/usr/bin/env python3
"""A file server on loopback that behaves, or misbehaves, as the first folder of an address says.

usage: http_server.py FOLDER LOG [CERTIFICATE KEY]     prints its port; a line in LOG for each request
"""
import http.server
import pathlib
import re
import ssl
import sys
import time

FOLDER, LOG = pathlib.Path(sys.argv[1]), open(sys.argv[2], "a", buffering=1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        LOG.write(f"GET {self.path} {self.headers.get('Range', '')}".rstrip() + "\n")
        how, _, name = self.path[1:].partition("/")
        path = FOLDER / pathlib.PurePath(name).name
        self.body = path.read_bytes() if path.is_file() else None
        self.close_connection = True
        getattr(self, "how_" + how, self.how_absent)()

    def start(self):
        """First byte asked for."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found.group(1)) if found else 0

    def head(self, status, length, **headers):
        self.send_response(status)
        self.send_header("Content-Length", length)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send_to(self, url, body=b"it has moved"):
        self.head(302, len(body), Location=url)
        self.wfile.write(body)

    def send_part(self, body, start, end, status=206):
        """Announces body[start:], sends body[start:end]."""
        size = len(body)
        self.head(status, size - start, Content_Range=f"bytes {start}-{size - 1}/{size}")
        self.wfile.write(body[start:end])

    # well behaved
    def how_plain(self):
        if self.body is None:
            return self.how_absent()
        size, start = len(self.body), self.start()
        if start >= size:
            return self.head(416, 0, Content_Range=f"bytes */{size}")
        self.send_part(self.body, start, size, 206 if start else 200)

    def how_absent(self):
        self.send_error(404)

    def how_moved(self):
        self.send_to(self.path.replace("/moved", "/moved_again"))

    def how_moved_again(self):
        self.send_to(f"http://localhost:{self.server.server_port}{self.path.replace('/moved_again', '/plain')}")

    # whole, whatever was asked for
    def how_whole(self):
        self.head(200, len(self.body))
        self.wfile.write(self.body)

    # in pieces
    def how_chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i in range(0, len(self.body), 5000):
            piece = self.body[i:i + 5000]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    # cut: 20000 bytes each time
    def how_cut(self):
        start = self.start()
        self.send_part(self.body, start, start + 20000, 206 if start else 200)

    def how_stall(self):
        self.head(200, len(self.body))
        self.wfile.write(self.body[:10000])
        self.wfile.flush()
        time.sleep(30)

    # false
    def how_wrong(self):
        self.head(200, 5)
        self.wfile.write(b"wrong")

    def how_empty(self):
        self.head(200, 0)

    def how_other_part(self):
        if self.start():
            self.send_part(self.body, 10, len(self.body))
        else:
            self.how_whole()

    def how_huge(self):
        self.head(200, 1 << 62)
        self.wfile.write(self.body[:10000])

    def how_loop(self):
        self.send_to(self.path)

    def how_to_file(self):
        self.send_to("file:///etc/hostname")

    def how_to_ftp(self):
        self.send_to("ftp://localhost/x")

    def how_endless_redirect(self):
        self.send_response(302)
        self.send_header("Location", "/plain/x")
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(65536))
        except OSError:
            pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[3:5])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
