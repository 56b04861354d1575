"""Greets whoever asks, and says at /metrics how often."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

greetings = {"hello": 0, "bye": 0}


class Greeter(BaseHTTPRequestHandler):
    """Counts greetings by their word."""

    def do_GET(self) -> None:
        """Answer with a greeting, or with the metrics."""
        word = self.path.strip("/")
        if word in greetings:
            greetings[word] += 1
        lines = [
            "# HELP greeter_greetings_total Greetings by word.",
            "# TYPE greeter_greetings_total counter",
        ]
        lines += [f'greeter_greetings_total{{word="{name}"}} {count}' for name, count in greetings.items()]
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(("\n".join(lines) + "\n").encode())

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


ThreadingHTTPServer(("", 8080), Greeter).serve_forever()
