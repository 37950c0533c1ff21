"""The stranger: collects the public files in one archive and rechecks the whole tender without the portal."""

from __future__ import annotations

from pathlib import Path

from portal.demo.play import Play
from portal.demo.stage import hold, megabytes


def recheck(play: Play) -> Path:
    """The archive, verified."""
    stage = play.stage
    archive = play.folder / f"{play.tender}.zip"
    stage.cli(None, "archive", play.tender, "--url", stage.url, "--documents", "-o", str(archive))
    stage.say("旁观者下载全部公开文件", "a stranger packs all public files", megabytes(archive.stat().st_size))
    report = play.folder / "verify.txt"
    roots = stage.fleet.settings.var / "keys" / "roots.pem"
    trusted = ("--policy", str(play.folder / "policy.txt"), "--roots", str(roots))
    done = stage.cli(None, "verify", str(archive), *trusted, "--all", check=False)
    report.write_text(done.stdout + done.stderr, "utf-8")
    lies = [line for line in done.stdout.splitlines() if line.startswith("LIE")]
    hold(f"kaibiao verify finds no lie ({report}): {'; '.join(lies)[:400]}", holds=done.returncode == 0 and not lies)
    signed = [line for line in done.stdout.splitlines() if "owner, platform, supervisor" in line]
    hold(f"owner, platform and supervising authority signed the record ({report})", holds=len(signed) == 1)
    held = sum(line.startswith("ok") for line in done.stdout.splitlines())
    stage.say(f"离线核验 {held} 项，全部属实", f"{held} claims rechecked offline, all hold")
    return archive
