"""Runs the real dvc without paying for its imports each time: a server that has imported dvc and forks for every command line.

Run by the Python beside the real dvc: `python dvc_server.py SOCKET`. Started and spoken to by client.py. A request is one message: JSON {argv,
cwd, env} with three descriptors (stdin, stdout, stderr). The answer is two lines of JSON: {"pid": n} when the process exists, and {"status": n}
(as of waitpid) when it has ended. The child is a session of its own and runs `dvc.cli.main(argv)`, which is all that the script `dvc` does.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys

# What the commands import when they run. A name that a version of dvc does not have is left out: it costs time, nothing else.
MODULES = """
dvc.cli dvc.cli.parser dvc.repo dvc.analytics dvc.stage dvc.stage.cache dvc.stage.run dvc.stage.serialize dvc.stage.loader dvc.output dvc.dvcfile dvc.lock
dvc.rwlock dvc.ignore dvc.data_cloud dvc.cachemgr dvc.config dvc.config_schema dvc.parsing dvc.parsing.context dvc.parsing.interpolate dvc.schema
dvc.dagascii dvc.compare dvc.updater dvc.info dvc.dependency dvc.dependency.repo dvc.dependency.param dvc.repo.add dvc.repo.reproduce dvc.repo.diff
dvc.repo.data dvc.repo.status dvc.repo.checkout dvc.repo.graph dvc.repo.index dvc.repo.ls dvc.repo.imp dvc.repo.imp_url dvc.repo.experiments
dvc.repo.experiments.show dvc.repo.experiments.executor.local dvc.repo.plots dvc.repo.params.show dvc.repo.metrics.show dvc.repo.artifacts dvc.utils.strictyaml
dvc.utils.serialize dvc.render.convert dvc.render.match dvc.fs dvc.fs.dvc dvc.fs.data dvc.scm dvc.testing dvc_data.hashfile.db.local dvc_data.hashfile.state
dvc_data.hashfile.cache dvc_data.index.fetch dvc_data.index.push dvc_data.index.diff dvc_data.index.view dvc_data.index.checkout dvc_render dvc_objects.fs
dvc_objects.fs.local dvc_objects.fs.generic networkx pygit2 dulwich.porcelain dulwich.repo scmrepo.git scmrepo.git.backend.pygit2 scmrepo.git.backend.dulwich
ruamel.yaml voluptuous pathspec pathspec.patterns configobj sqltrie diskcache fsspec fsspec.asyn rich.console rich.table rich.text hydra hydra.core.override_parser
antlr4 omegaconf requests tqdm multiprocessing sqlite3 asyncio concurrent.futures psutil dpath shortuuid zc.lockfile flufl.lock dvc_http colorama attrs
dvc.repo.datasets dvc.repo.stage dvc.dirs dvc.types platformdirs.unix rich.status dulwich.worktree dvc.repo.move dvc.repo.remove dvc.repo.commit dvc.repo.gc
dvc.repo.push dvc.repo.fetch dvc.repo.pull dvc.repo.params.diff dvc.repo.metrics.diff dvc.repo.update dvc.repo.get dvc.repo.init dvc.repo.freeze
""".split()


def preload():
    for name in MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def run_child(request, descriptors):
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv = ["dvc", *request["argv"]]
    from dvc.cli import main

    code = 1
    try:
        code = main(request["argv"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1 if end.code else 0
    finally:
        import atexit

        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code or 0)


def receive(connection):
    """A request is at most one megabyte; the descriptors come with its first byte."""
    length, descriptors, _, _ = socket.recv_fds(connection, 8, 3)
    left, body = int.from_bytes(length, "big"), b""
    while len(body) < left:
        piece = connection.recv(left - len(body))
        if not piece:
            raise ConnectionError("half a request")
        body += piece
    return json.loads(body), descriptors


def serve(path):
    preload()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    woken, wake = socket.socketpair()
    for one in (woken, wake):
        one.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    waiting = {}  # pid -> connection
    while True:
        ready, _, _ = select.select([listener, woken, 0], [], [])
        if 0 in ready:  # whoever started this server has gone
            return
        if woken in ready:
            woken.recv(4096)
            while waiting:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                with contextlib.suppress(OSError), waiting.pop(pid) as connection:
                    connection.sendall(json.dumps({"status": status}).encode() + b"\n")
        if listener in ready:
            connection, _ = listener.accept()
            request, descriptors = receive(connection)
            pid = os.fork()
            if pid == 0:
                run_child(request, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            waiting[pid] = connection
            connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")


if __name__ == "__main__":
    serve(sys.argv[1])
