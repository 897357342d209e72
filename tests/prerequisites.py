"""Install what some tests need and pip does not have: a headless browser. Says what it does, and why it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_PACKAGES = ("chromium", "chromium-driver")


def install_browser() -> str:
    """Return a line that says whether the browser tests can run."""
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return "chromium: present"
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return "chromium: absent, and only root on Debian can install it here; the browser tests will be skipped"
    install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *_PACKAGES]
    for command in (["apt-get", "update", "-q"], install):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"chromium: cannot be installed ({done.stderr.strip().splitlines()[-1:]}); browser tests are skipped"
    return "chromium: installed"


if __name__ == "__main__":
    sys.stdout.write(install_browser() + "\n")
