"""A /proc made of plain files and links, for code that looks at processes."""

from __future__ import annotations

from pathlib import Path


def add_process(
    proc: Path, pid: int, *argv: str, state: str = "S", parent: int = 1, net: int = 1, mnt: int = 2, name: str = "x"
) -> None:
    """Add one process as the kernel shows it."""
    folder = proc / str(pid)
    (folder / "ns").mkdir(parents=True)
    (folder / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in argv))
    (folder / "stat").write_text(f"{pid} ({name}) {state} {parent} 0 0", encoding="utf-8")
    (folder / "ns" / "net").symlink_to(f"net:[{net}]")
    (folder / "ns" / "mnt").symlink_to(f"mnt:[{mnt}]")
