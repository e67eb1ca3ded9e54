"""Push, pull and what asks a remote, measured beside the real dvc, each against a server of its own on loopback.

`data-s3`   10,000 files of 1 KiB in one folder to S3 (versitygw; ./dev bench builds it)
`data-ssh`  2,000 of them to SFTP (sshd)

The server is the same for both tools and takes its share of the machine.
"""

import os
import shutil
import sys

import data_cases
from data_cases import Turns, aside, make_tree, row, seconds
from programs import TOP, Failed, run

sys.path.insert(0, str(TOP / "tests/remotes"))
import servers  # noqa: E402


def stand(make, folder):
    folder.mkdir(parents=True)
    try:
        return make(folder).start()
    except servers.Missing as why:
        raise Failed(str(why)) from why


def fill(tools, files):
    ours, theirs = tools
    make_tree(ours.root / "data", files)
    shutil.copytree(ours.root / "data", theirs.root / "data")
    for tool in tools:
        tool("add", "data")
        run("git", "add", "-A", cwd=tool.root)
        run("git", "commit", "-qm", "data", cwd=tool.root)


def forget(bench, tool):
    """What dvc remembers of earlier pushes would let it answer without asking."""
    aside(bench, tool.home / "site", tool.root / ".dvc/tmp")


def to_and_fro(bench, tools, url, title, goal=10, sign_in=None, plain_push=None):
    """The rows of one kind of remote; `url(name)` is an empty place there. `sign_in()`: seconds of getting there, where that is most of a question; then
    it is the limit instead of dvc's time. `plain_push()`: seconds of a plain program that sends the same objects to an empty place."""
    ours, theirs = tools
    count = iter(range(1_000))

    def elsewhere(tool):
        tool("remote", "modify", "there", "url", url(f"{tool.name}{next(count)}"))
        forget(bench, tool)

    def change(tool):
        (tool.root / "data/d00/d0/d0/f00.bin").write_text(f"changed {next(count)}")
        tool("add", "data")

    def empty(tool):
        aside(bench, tool.root / ".dvc/cache", tool.root / "data")
        forget(bench, tool)

    def question(name, *words, before=None):
        turns = Turns(ours, theirs, *words, before=before, least=sign_in)
        return row(name, turns, None if sign_in else goal, "ssh signing in", 2)

    return [
        row(f"push, {title}", Turns(ours, theirs, "push", before=elsewhere, least=plain_push), goal, "curl --parallel" if plain_push else ""),
        question("status -c, all there", "status", "-c", before=lambda tool: forget(bench, tool)),
        question("push, nothing to do", "push"),
        question("push, one file changed", "push", before=change),
        row(f"pull, {title}", Turns(ours, theirs, "pull", before=empty), goal),
    ]


def put_all(folder, objects, server, prefix):
    """Seconds of one signed PUT for each object, sixteen at a time, and nothing else: no question what is there, no hash of what is sent."""
    base = f"{server.endpoint}/{server.bucket}/{prefix}"
    wanted = [file for file in objects.rglob("*") if file.is_file()]
    config = folder / "put-all"
    config.write_text("\n".join(f'upload-file = "{file}"\nurl = "{base}/{file.relative_to(objects)}"\noutput = "/dev/null"' for file in wanted))
    signed = ["--aws-sigv4", f"aws:amz:{server.region}:s3", "--user", f"{server.key}:{server.secret}", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
    took = seconds("curl", "-s", "-f", "--parallel", "--parallel-max", "16", *signed, "-K", config, cwd=folder)
    arrived = sum(file.is_file() for file in (server.folder / prefix).rglob("*"))
    if arrived != len(wanted):
        raise Failed(f"curl sent {arrived} of {len(wanted)} objects")
    return took


def s3(bench):
    files = bench.times(10_000, 1_000)
    tools = data_cases.tools(bench, "s3")
    fill(tools, files)
    server = stand(lambda root: servers.s3(root, notes=False), bench.folder / "s3-server")
    try:
        for tool in tools:
            tool("remote", "add", "-d", "there", server.url("nowhere"))
            for name, value in (server.options | {"region": server.region}).items():
                tool("remote", "modify", "there", name, value)
        count = iter(range(1_000))
        plain_push = lambda: put_all(bench.folder, tools[0].root / ".dvc/cache/files/md5", server, f"plain{next(count)}")  # noqa: E731
        return to_and_fro(bench, tools, server.url, f"{files:,} files of 1 KiB to S3", plain_push=plain_push)
    finally:
        server.kill()


def ssh(bench):
    files = bench.times(2_000, 500)
    tools = data_cases.tools(bench, "ssh")
    fill(tools, files)
    server = stand(servers.ssh, bench.folder / "ssh-server")
    path = os.environ["PATH"]
    os.environ.update(server.env())
    try:
        for tool in tools:
            tool("remote", "add", "-d", "there", server.url("/nowhere"))
            tool("remote", "modify", "there", "keyfile", server.root / "user_key")
        sign_in = lambda: seconds("ssh", "-p", server.port, "127.0.0.1", "-s", "sftp", cwd=bench.folder)  # noqa: E731
        return to_and_fro(bench, tools, lambda name: server.url(bench.folder / "ssh-files" / name), f"{files:,} files of 1 KiB to SFTP", 5, sign_in)
    finally:
        os.environ["PATH"] = path
        server.kill()


CASES = {"data-s3": s3, "data-ssh": ssh}
