"""Programs that were written against the earlier service find its calls and fields."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk_client import ask, png
from desk_pages import LABELS, classify, form_of, page, serving, settings_for
from page_files import encoded

from desk.handin import handin_room
from desk.sorter import open_sorter


@pytest.fixture(scope="module")
def address(page_model, tmp_path_factory):
    sorter = open_sorter(settings_for(tmp_path_factory.mktemp("out"), page_model))
    with serving([handin_room(sorter, "no index")]) as there:
        yield there


def several(kind):
    return encoded(page(1), kind, save_all=True, append_images=[page(2)])


def send(address, path, file, **values):
    body, kind = form_of(file, **values)
    return ask(address + path, body, Content_Type=kind)


def test_it_says_what_it_has(address, page_model):
    assert ask(f"{address}/info").said == {"categories": list(LABELS), "available_models": [page_model.name]}


def test_an_image_and_a_document(address, page_model):
    data = png(page(1))
    said = send(address, "/predict_image", ("a.png", data), version=page_model.name, topn="2").said
    assert set(said) == {"type", "predictions"} and said["type"] == "image"
    assert said["predictions"] == classify(address, [("a.png", data)]).said[0]["categories"][:2]
    assert len(send(address, "/predict_image", ("a.png", data)).said["predictions"]) == 3
    said = send(address, "/predict_document", ("a.pdf", several("PDF")), topn="1").said
    assert said["type"] == "document" and [one["page"] for one in said["pages"]] == [1, 2]
    assert all(len(one["predictions"]) == 1 and one["error"] is None for one in said["pages"])


@pytest.mark.parametrize(
    ("path", "file", "values", "status"),
    [
        ("/predict_image", ("a.txt", b"hello"), {}, 400),
        ("/predict_image", ("a.pdf", several("PDF")), {}, 400),
        ("/predict_image", ("a.tif", several("TIFF")), {}, 400),
        ("/predict_document", ("a.png", png(page(1))), {}, 400),
        ("/predict_document", ("a.txt", b"hello"), {}, 400),
        ("/predict_image", ("a.png", b""), {}, 422),
        ("/predict_document", ("a.pdf", b"%PDF-1.4\nnothing"), {}, 422),
        ("/predict_image", None, {}, 422),
        ("/predict_image", ("a.png", png(page(1))), {"version": "v4.3"}, 400),
        ("/predict_image", ("a.png", png(page(1))), {"topn": "0"}, 422),
        ("/predict_image", ("a.png", png(page(1))), {"topn": "many"}, 422),
        ("/predict_image", ("a.png", png(page(1))), {"topn": "1" * 1000}, 422),
        ("/predict_image", ("a.png", png(page(1))), {"colour": "red"}, 422),
    ],
)
def test_what_cannot_be_done_is_one_line(address, path, file, values, status):
    answer = send(address, path, file, **values)
    assert answer.status == status
    assert answer.said["detail"] and "\n" not in answer.said["detail"]
