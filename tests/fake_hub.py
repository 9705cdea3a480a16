"""A Hugging Face hub of our own on 127.0.0.1: as much of its protocol as the unmodified client needs to pull and push.

    with FakeHub() as hub:
        hub.add("owner/name", {"main": {"config.json": b"{}"}})
        hub.fail("GET", "/refs", status=500)                       # injected: an answer, as often as `times`
        hub.cut(r"/resolve/|/cdn/", after=1000)                    # or a connection that is cut within a file
        os.environ["HF_ENDPOINT"] = hub.url

Repositories are branches and tags of commits, commits are whole sets of files. Files of LFS kinds are large
ones: they are sent by a redirect to another host name, as the hub does, and uploaded by the LFS protocol.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

TOKENS = {"hf_readerREADER123": "reader", "hf_ownerOWNER12345": "owner"}
READER, OWNER = TOKENS
LFS = (".safetensors", ".bin")


@dataclass
class Repository:
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: bool = False

    def commit(self, branch: str, files: dict[str, bytes]) -> str:
        text = "".join(f"{name} {hashlib.sha1(content).hexdigest()}\n" for name, content in sorted(files.items()))
        oid = hashlib.sha1(f"{len(self.commits)} {text}".encode()).hexdigest()
        self.commits[oid] = dict(files)
        self.branches[branch] = oid
        return oid

    def files(self, revision: str) -> dict[str, bytes] | None:
        return self.commits.get(self.branches.get(revision) or self.tags.get(revision) or revision)


@dataclass
class Fault:
    method: str
    pattern: str
    times: int
    status: int = 0
    after: int = 0
    then: int | None = None


class FakeHub:
    """The server; `log` holds (method, path, headers) of every request."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.log: list[tuple[str, str, dict[str, str]]] = []
        self.gone = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.hub = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> FakeHub:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Be gone: later connections are refused."""
        self.gone.set()
        self.server.shutdown()
        self.server.server_close()

    def add(self, name: str, branches: dict[str, dict[str, bytes]], *, private: bool = False) -> Repository:
        made = self.repositories[name] = Repository(private=private)
        for branch, files in branches.items():
            same = [oid for oid, known in made.commits.items() if known == files]
            if same:
                made.branches[branch] = same[0]
            else:
                made.commit(branch, files)
        return made

    def fail(self, method: str, pattern: str, status: int, times: int = 99) -> None:
        self.faults.append(Fault(method, pattern, times, status=status))

    def cut(self, pattern: str, after: int, then: int | None = None) -> None:
        """Cut once within a file; then: the status of all later answers, 0 = stall there instead of cutting."""
        self.faults.append(Fault("GET", pattern, 1, after=after, then=then))

    def asked(self, pattern: str, method: str = "") -> list[tuple[str, str, dict[str, str]]]:
        return [entry for entry in self.log if re.search(pattern, entry[1]) and method in ("", entry[0])]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_HEAD(self) -> None:
        self._serve()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD

    @property
    def hub(self) -> FakeHub:
        return self.server.hub

    # ---- answers ---------------------------------------------------------------------------------------------------

    def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _json(self, value: object, status: int = 200) -> None:
        self._answer(status, json.dumps(value).encode(), Content_Type="application/json")

    def _error(self, status: int, code: str = "", message: str = "") -> None:
        headers = {"X_Error_Code": code} if code else {}
        headers |= {"X_Error_Message": message} if message else {}
        self._answer(status, json.dumps({"error": message or code or "fault"}).encode(), **headers)

    def _send(self, content: bytes, path: str, **headers: str) -> None:
        """A file, from where the Range header says, cut where a fault says."""
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        begin = int(start[1]) if start else 0
        if start:
            headers["Content_Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        rest = content[begin:]
        fault = next((f for f in self.hub.faults if f.times and f.after and re.search(f.pattern, path)), None)
        if fault is None or len(rest) <= fault.after:
            self._answer(206 if start else 200, rest, Accept_Ranges="bytes", **headers)
            return
        fault.times -= 1
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: fault.after])
        self.wfile.flush()
        if fault.then == 0:
            self.hub.gone.wait(60)
        elif fault.then:
            self.hub.fail("GET", fault.pattern, fault.then)
        self.close_connection = True
        self.connection.shutdown(2)

    # ---- requests --------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        path = urlsplit(self.path).path
        self.hub.log.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
        for fault in self.hub.faults:
            if fault.times and fault.status and fault.method == self.command and re.search(fault.pattern, path):
                fault.times -= 1
                self._error(fault.status)
                return
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.user = TOKENS.get(given, "")
        if given and not self.user:
            self._error(401, message="Invalid credentials in Authorization header")
        elif path.startswith(("/cdn/", "/lfs/")):
            self._object(path, body)
        elif path == "/api/whoami-v2":
            self._json({"name": self.user, "type": "user"}) if self.user else self._error(401)
        elif path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(refs|tree|preupload|branch|commit)(?:/(.+))?", path):
            self._api(found[1], found[2], unquote(found[3] or ""), body)
        elif found := re.fullmatch(r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            self._batch(json.loads(body))
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._resolve(found[1], unquote(found[2]), unquote(found[3]))
        else:
            self._error(404, message=f"the fake hub knows no {self.command} {path}")

    def _repository(self, name: str, *, write: bool = False) -> Repository | None:
        found = self.hub.repositories.get(name)
        if found is None or (found.private and self.user != name.split("/")[0]):
            self._error(404 if self.user else 401, "RepoNotFound")
            return None
        if write and self.user != name.split("/")[0]:
            self._error(403, message="no write access")
            return None
        return found

    def _api(self, name: str, what: str, rest: str, body: bytes) -> None:
        repository = self._repository(name, write=self.command != "GET" and what != "refs")
        if repository is None:
            return
        if what == "refs":
            refs = {
                kind: [
                    {"name": key, "ref": f"refs/{key}", "targetCommit": oid}
                    for key, oid in getattr(repository, kind).items()
                ]
                for kind in ("branches", "tags")
            }
            self._json(refs | {"converts": []})
        elif what == "tree":
            files = repository.files(rest)
            if files is None:
                self._error(404, "RevisionNotFound")
                return
            self._json([_entry(path, content) for path, content in files.items()])
        elif what == "preupload":
            files = repository.files(rest) or {}
            self._json({"files": [_mode(wanted["path"], files) for wanted in json.loads(body)["files"]]})
        elif what == "branch" and self.command == "DELETE":
            repository.branches.pop(rest)
            self._json({})
        elif what == "branch":
            start = json.loads(body).get("startingPoint", "main")
            if rest in repository.branches:
                self._error(409, message="Reference already exists")
            else:
                repository.branches[rest] = repository.branches.get(start, start)
                self._json({})
        else:
            self._commit(name, repository, rest, body)

    def _commit(self, name: str, repository: Repository, branch: str, body: bytes) -> None:
        files = dict(repository.files(branch) or {})
        for line in body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header" and value.get("parentCommit") not in (None, repository.branches[branch]):
                self._error(412, message="A commit has happened since.")
                return
            if item["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                files[value["path"]] = self.hub.objects[value["oid"]]
            elif item["key"] == "deletedFile":
                del files[value["path"]]
        oid = repository.commit(branch, files)
        self._json({"commitUrl": f"{self.hub.url}/{name}/commit/{oid}", "commitOid": oid})

    def _create(self, wanted: dict) -> None:
        name = f"{wanted.get('organization') or self.user}/{wanted['name']}"
        if not self.user or name.split("/")[0] != self.user:
            self._error(403 if self.user else 401, message="not yours")
            return
        private = wanted.get("private") or wanted.get("visibility") == "private"
        status = 409 if name in self.hub.repositories else 200
        if status == 200:
            self.hub.add(name, {"main": {".gitattributes": b"*.safetensors filter=lfs\n"}}, private=bool(private))
        self._json({"url": f"{self.hub.url}/{name}"}, status)

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repository = self._repository(name)
        if repository is None:
            return
        files = repository.files(revision)
        if files is None or path not in files:
            self._error(404, "EntryNotFound" if files is not None else "RevisionNotFound")
            return
        content = files[path]
        if path.endswith(LFS):
            oid = hashlib.sha256(content).hexdigest()
            self.hub.objects[oid] = content
            port = self.server.server_port
            self._answer(302, Location=f"http://localhost:{port}/cdn/{oid}", ETag=f'"{oid}"')
        else:
            self._send(content, self.path, ETag=f'"{_blob(content)}"')

    def _batch(self, wanted: dict) -> None:
        answers = []
        for item in wanted["objects"]:
            upload = {"upload": {"href": f"{self.hub.url}/lfs/{item['oid']}", "header": {}}}
            answers.append(item | ({} if item["oid"] in self.hub.objects else {"actions": upload}))
        self._json({"objects": answers, "transfer": "basic"})

    def _object(self, path: str, body: bytes) -> None:
        oid = path.rsplit("/", 1)[1]
        if self.command == "PUT":
            assert hashlib.sha256(body).hexdigest() == oid
            self.hub.objects[oid] = body
            self._answer(200)
        else:
            self._send(self.hub.objects[oid], path)


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _entry(path: str, content: bytes) -> dict:
    entry = {"type": "file", "path": path, "size": len(content), "oid": _blob(content)}
    if path.endswith(LFS):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return entry


def _mode(path: str, files: dict[str, bytes]) -> dict:
    large = path.endswith(LFS)
    found = files.get(path)
    oid = None if found is None else hashlib.sha256(found).hexdigest() if large else _blob(found)
    return {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": oid}
