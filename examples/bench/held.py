"""Holds many connections to a server open, and says what each costs it in memory.

    python held.py HOST PORT PID [CONNECTIONS]

PID is the server's. Each connection sends one request and stays open.
"""

import socket
import sys
from pathlib import Path


def memory(pid: str) -> int:
    """The resident memory of a process in bytes (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    sys.exit("the server's memory is not told")


def hold(host: str, port: int) -> socket.socket:
    s = socket.create_connection((host, port), timeout=10)
    s.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    if not s.recv(4096).startswith(b"HTTP/1.1 200"):
        sys.exit("the server does not answer as it should")
    return s


def main(host: str, port: str, pid: str, count: str = "500") -> None:
    warm = [hold(host, int(port)) for _ in range(10)]  # what the first ones set up
    before = memory(pid)
    held = [hold(host, int(port)) for _ in range(int(count))]
    each = (memory(pid) - before) / len(held)
    print(f"{len(warm) + len(held)} connections held; {each / 1024:.1f} KiB each")


if __name__ == "__main__":
    main(*sys.argv[1:])
