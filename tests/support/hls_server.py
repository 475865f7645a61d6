"""Plays the segments of a recording as a live stream by HLS: hls_server.py PORT PLAYLIST."""
import http.server
import os
import sys
import time

port, path = int(sys.argv[1]), sys.argv[2]
os.chdir(os.path.dirname(path))
lines = open(path).read().split("\n")
segments = [(float(info[8:].rstrip(",")), name) for info, name in zip(lines, lines[1:]) if info.startswith("#EXTINF")]
started, window = time.monotonic(), 4


def playlist():
    """What has been played until now, but for the oldest segments."""
    left, end = time.monotonic() - started, window
    while end < len(segments) and left > segments[end][0]:
        left -= segments[end][0]
        end += 1
    head = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{end - window}\n"
    return head + "".join(f"#EXTINF:{seconds},\n{name}\n" for seconds, name in segments[end - window : end])


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the playlist, and files of the folder."""

    def do_GET(self):
        if self.path != "/live.m3u8":
            return super().do_GET()
        body = playlist().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
