"""Pictures of pages for the browser: any format that sorting reads, PDF pages and TIFF frames too, as JPEG.

    pictures = Pictures(root, cache, settings)
    picture = await pictures.of("box/a.pdf", 3, "1600")         # a Picture: JPEG bytes, and what it is known by
    pictures.prepare([("box/a.pdf", 4)], "1600")                # decoded before it is asked for

Only what lies below `root` is read, links followed before that is checked, and nothing of it is changed. What was made
lies in `cache`, in files that are known by content (path, size and time of change), the least lately used of them
removed where they are more than `MOST`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from desk.refused import Refused
from reading.decoding import PageError, Reader
from reading.listing import COUNTED
from reading.page_errors import LimitError
from reading.pages import pages_of, stamp_of
from utils import cores

# Width as it is asked for -> the longest side in pixels, and the quality of the JPEG.
SIZES = {"320": (320, 80), "640": (640, 80), "1600": (1600, 85), "full": (6000, 88)}
MOST = 1_000_000_000  # bytes of pictures on the disk
HELD = 128_000_000  # bytes of pictures in memory
PATIENCE = 60.0  # seconds for a picture
START, END = b"\xff\xd8", b"\xff\xd9"  # of a JPEG
OPEN_FILES = 1000  # files of many pages whose pages are known
WISHES = 300  # pages that wait to be made ready: a few screens


class Picture(NamedTuple):
    """data: a JPEG. tag: the same as long as the page and the width are."""

    data: bytes
    tag: str


class Pictures:
    """Pictures of the pages below a folder."""

    def __init__(self, root: Path, cache: Path, max_pixels: int) -> None:
        self._root, self._cache, self._max_pixels = root.resolve(), cache, max_pixels
        # who waits for a large page is not behind sixty small ones
        self._large = ThreadPoolExecutor(max(2, cores()), thread_name_prefix="page")
        self._small = ThreadPoolExecutor(max(2, cores()), thread_name_prefix="tile")
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._wishes: deque[tuple[str, int, str]] = deque()  # the next one first
        self._lock = threading.Lock()
        self._making: dict[str, Future[bytes]] = {}
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._held_bytes = 0
        self._frames: OrderedDict[tuple, dict[int, int | None]] = OrderedDict()
        self._on_disk = -1  # bytes of the cache, -1 = not counted yet

    def close(self) -> None:
        """Begin nothing more."""
        for threads in (self._large, self._small, self._ahead):
            threads.shutdown(wait=False, cancel_futures=True)

    def place(self, path: str) -> Path:
        """The file of a PATH. Refused (422): it leads out of the folder, or cannot be a path."""
        try:
            file = (self._root / path).resolve()
        except (OSError, ValueError, RuntimeError):  # a NUL in it, links in a circle
            raise Refused(422, "the page cannot be read: its path leads nowhere") from None
        if not file.is_relative_to(self._root):
            raise Refused(422, "the page is not shown: it lies outside of the folder of pages (--pages)")
        return file

    async def of(self, path: str, page: int, width: str, known: str = "") -> Picture:
        """The picture of a page; without its data where `known` is its tag.

        Refused (422) with the reason where it cannot be read, (408) where that takes too long.
        """
        # a share may take its time to say how a file is
        tag = await asyncio.to_thread(self._tag, path, page, width)
        if tag == known:
            return Picture(b"", tag)
        making = asyncio.wrap_future(self._begun(path, page, width, tag))
        making.add_done_callback(lambda made: made.cancelled() or made.exception())  # nobody may wait for it any more
        try:
            async with asyncio.timeout(PATIENCE):
                return Picture(await asyncio.shield(making), tag)
        except TimeoutError:
            raise Refused(408, f"the page was not read within {PATIENCE:.0f} seconds", again=5) from None

    def prepare(self, pages: Iterable[tuple[str, int]], width: str) -> None:
        """Make pictures ready, one after another behind all that somebody waits for: these before what was wished
        earlier, by whomever; the earliest are dropped where there are more than `WISHES`.

        What cannot be read is said once it is asked for.
        """
        new = [(path, page, width) for path, page in pages]
        with self._lock:
            self._wishes.extendleft(reversed(new))
            while len(self._wishes) > WISHES:
                self._wishes.pop()
        for _ in new:
            self._ahead.submit(self._prepare_next)

    def _prepare_next(self) -> None:
        with self._lock:
            if not self._wishes:  # it was dropped
                return
            path, page, width = self._wishes.popleft()
        with contextlib.suppress(Refused):
            tag = self._tag(path, page, width)
            making: Future[bytes] = Future()
            with self._lock:
                if tag in self._held or tag in self._making:
                    return
                self._making[tag] = making
            making.add_done_callback(partial(self._keep, tag))
            try:
                making.set_result(self._made(path, page, width, tag))
            except BaseException as error:  # a mistake of ours, too: whoever asks for it meanwhile is not left waiting
                making.set_exception(error)
                raise

    def _tag(self, path: str, page: int, width: str) -> str:
        file = self.place(path)
        stamp = stamp_of(file)
        if stamp is None:
            raise Refused(422, "the page cannot be read: its file is not there")
        known = f"{os.fspath(file)}\0{page}\0{stamp}\0{SIZES[width]}"
        return hashlib.sha256(known.encode("utf-8", "surrogateescape")).hexdigest()[:40]

    def _begun(self, path: str, page: int, width: str, tag: str) -> Future[bytes]:
        """The picture, being made or at hand; several who ask at once wait for one."""
        with self._lock:
            if tag in self._held:
                self._held.move_to_end(tag)
                done: Future[bytes] = Future()
                done.set_result(self._held[tag])
                return done
            if tag in self._making:
                return self._making[tag]
            threads = self._small if width in ("320", "640") else self._large
            making = self._making[tag] = threads.submit(self._made, path, page, width, tag)
        making.add_done_callback(partial(self._keep, tag))  # which takes the lock
        return making

    def _keep(self, tag: str, made: Future[bytes]) -> None:
        with self._lock:
            self._making.pop(tag, None)
            if not made.cancelled() and made.exception() is None and tag not in self._held:
                self._held[tag] = made.result()
                self._held_bytes += len(made.result())
                while self._held_bytes > HELD:
                    self._held_bytes -= len(self._held.popitem(last=False)[1])

    def _made(self, path: str, page: int, width: str, tag: str) -> bytes:
        """The JPEG, from the disk or the page."""
        cached = self._cache / tag[:2] / f"{tag}.jpg"
        with contextlib.suppress(OSError):
            data = cached.read_bytes()
            if data.startswith(START) and data.endswith(END):  # a power cut may leave less
                os.utime(cached)  # used lately
                return data
        side, quality = SIZES[width]
        try:
            image = self._decoded(self.place(path), page, side)
        except PageError as error:
            raise Refused(422, f"the page cannot be read: {error}") from None
        out = io.BytesIO()
        try:
            image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            image.save(out, "JPEG", quality=quality)
        except MemoryError:
            raise Refused(422, "the page cannot be shown: there is not enough memory to make it smaller") from None
        data = out.getvalue()
        with contextlib.suppress(OSError):  # a disk that is full: it is made again
            cached.parent.mkdir(parents=True, exist_ok=True)
            part = cached.with_name(f"{tag}.{os.getpid()}-{threading.get_ident()}.part")
            part.write_bytes(data)
            part.replace(cached)
            self._bound(len(data))
        return data

    def _decoded(self, file: Path, page: int, side: int) -> Image.Image:
        """The page, no smaller than needed where its format can be decoded smaller."""
        frame = self._frame(file, page)
        # JPEG and JPEG 2000 above so many pixels are decoded at a half, a quarter ...: all other formats refuse
        for most in dict.fromkeys((min(self._max_pixels, 8 * side * side), self._max_pixels)):
            with contextlib.suppress(LimitError), Reader(min_side=max(1, side // 2), max_pixels=most) as reader:
                return reader.page(file, frame)
        with Reader(min_side=max(1, side // 2), max_pixels=self._max_pixels) as reader:
            return reader.page(file, frame)

    def _frame(self, file: Path, page: int) -> int | None:
        """Where a page lies in its file, None = it is the file's only one."""
        if file.suffix.lower().lstrip(".") not in COUNTED:
            return None
        known = file, stamp_of(file)
        with self._lock:
            frames = self._frames.get(known)
        if frames is None:
            pages, _ = pages_of(file.parent, file.name)
            if pages[0].reason:
                raise PageError(pages[0].reason)
            frames = {one.number: one.frame for one in pages}
            with self._lock:
                self._frames[known] = frames
                while len(self._frames) > OPEN_FILES:
                    self._frames.popitem(last=False)
        if len(frames) == 1:
            return next(iter(frames.values()))
        if page not in frames:
            raise PageError(f"its file has no page {page}")
        return frames[page]

    def _bound(self, more: int) -> None:
        """Count what is on the disk, and remove the least lately used tenth where it is too much."""
        with self._lock:
            if self._on_disk >= 0:
                self._on_disk += more
                if self._on_disk <= MOST:
                    return
            files = []
            for file in self._cache.glob("*/*.jpg"):
                with contextlib.suppress(OSError):  # another desk removed it
                    status = file.stat()
                    files.append((status.st_mtime_ns, status.st_size, file))
            self._on_disk = sum(size for _, size, _ in files)
            if self._on_disk <= MOST:
                return
            for _, size, file in sorted(files):
                with contextlib.suppress(OSError):
                    file.unlink()
                    self._on_disk -= size
                if self._on_disk <= 0.9 * MOST:
                    return
