"""The parts of the trained path, each against numbers that were worked out by hand or in another way."""

import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")
torch = pytest.importorskip("torch", reason="requirements.txt is not installed")

from PIL import Image, ImageDraw  # noqa: E402

from writers.augmenting import augmented  # noqa: E402
from writers.autoencoder import MaskedAutoencoder, darkness, masked_loss, random_visible  # noqa: E402
from writers.configurations import CONFIGURATIONS, Configuration  # noqa: E402
from writers.encoder import SaghogCoder, graph_of  # noqa: E402
from writers.hands import Hands, Part  # noqa: E402
from writers.hog import cells_of, hog, target_of  # noqa: E402
from writers.isolation import isolate  # noqa: E402
from writers.losses import mine, multi_similarity  # noqa: E402
from writers.netrvlad import FromGrey, NetRVLAD, SaghogEncoder  # noqa: E402
from writers.optimizing import parameter_groups, rate_at, set_rate  # noqa: E402
from writers.patches import INK, cut_patches  # noqa: E402
from writers.pseudo_labels import pseudo_labels  # noqa: E402
from writers.sampling import PerClass, Shuffled  # noqa: E402
from writers.whitening import Whitening  # noqa: E402

TINY = CONFIGURATIONS["small"].but(dim=16, depth=2, heads=2, decoder_heads=2, clusters=4)


def drawn_page(seed=0, lines=6):
    """A page of loops, "L": dark on light."""
    random = np.random.default_rng(seed)
    page = Image.new("L", (420, 70 + 50 * lines), 240)
    pen = ImageDraw.Draw(page)
    for line in range(lines):
        t = np.linspace(0, 60, 700)
        x = 30 + 6 * t + 7 * np.sin(t)
        y = 70 + 50 * line + random.uniform(7, 12) * np.cos(t + random.uniform(0, 1)) - 6 * (np.sin(t / 3) > 0.4)
        for start in range(0, 700, 50):
            pen.line(list(zip(x[start : start + 44], y[start : start + 44], strict=True)), fill=20, width=3)
    return page


def patches_of_noise(count, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random((count, 32, 32), np.float32))


# ---- patches --------------------------------------------------------------------------------------------------------


def test_a_patch_lies_round_ink_one_a_place():
    hand = isolate(drawn_page())
    cut = cut_patches(hand)
    assert len(cut) > 100
    assert len({tuple(place) for place in cut.places}) == len(cut)
    share = cut.ink.mean((1, 2))
    assert share.min() >= INK[0]
    assert share.max() <= INK[1]
    assert cut.ink[:, 16, 16].all()
    x, y = cut.places[7].astype(int)
    assert (cut.grey[7] == hand.grey[y - 16 : y + 16, x - 16 : x + 16]).all()
    few = cut_patches(hand, most=10)
    assert len(few) == 10
    assert {tuple(place) for place in few.places} <= {tuple(place) for place in cut.places}


def test_white_on_black_gives_the_patches_of_black_on_white():
    page = drawn_page()
    straight, turned = (cut_patches(isolate(one)) for one in (page, Image.eval(page, lambda value: 255 - value)))
    assert len(straight) == len(turned)
    assert (straight.ink == turned.ink).all()
    assert np.abs(straight.grey.astype(int) - turned.grey).mean() < 2


def test_pale_ink_is_as_good_as_black():
    grey = torch.full((1, 32, 32), 255, dtype=torch.uint8)
    grey[0, 10:14, 4:28] = 55
    pale = 255 - ((255 - grey) * 0.5).to(torch.uint8)
    assert torch.allclose(darkness(grey), darkness(pale))
    assert darkness(torch.full((1, 32, 32), 255, dtype=torch.uint8)).abs().max() == 0


def test_pseudo_labels_are_clusters_and_leave_out_what_lies_between():
    random = np.random.default_rng(0)
    centres = random.random((64, 128))
    truth = np.repeat(np.arange(64), 20)
    descriptors = (centres[truth] + random.normal(0, 0.01, (len(truth), 128))).astype(np.float32)
    labels = pseudo_labels(descriptors, 64, seed=0)
    together = [np.bincount(labels[truth == one] + 1).max() for one in range(64)]
    assert np.mean(together) > 19
    assert len(set(labels)) > 50
    between = (centres[truth] + centres[(truth + 1) % 64]) / 2
    mixed = pseudo_labels(np.concatenate([descriptors, between[::20]]).astype(np.float32), 64, seed=0)
    assert (mixed[-64:] == -1).mean() > (mixed[:-64] == -1).mean() + 0.3


# ---- the first stage ------------------------------------------------------------------------------------------------


def hog_pixel_by_pixel(patch):
    """HOG of one patch, [64, 9], in plain loops."""
    rim = np.pad(patch.astype(float), 1, mode="reflect")
    votes = np.zeros((8, 8, 9))
    for y in range(32):
        for x in range(32):
            part = rim[y : y + 3, x : x + 3]
            gx = (part[:, 2] - part[:, 0]) @ [1, 2, 1]
            gy = (part[2] - part[0]) @ [1, 2, 1]
            degrees = math.degrees(math.atan2(gy, gx)) % 180
            votes[y // 4, x // 4, min(8, int(degrees // 20))] += math.sqrt(gx * gx + gy * gy)
    lengths = np.sqrt((votes**2).sum(-1, keepdims=True))
    return (votes / np.maximum(lengths, 1e-12)).reshape(64, 9)


def test_hog_is_that_of_plain_loops():
    patches = patches_of_noise(2)
    patches[1] = (patches[1] > 0.7).float()
    patches[1, 8:16] = 0  # flat cells
    for patch, ours in zip(patches, hog(patches), strict=True):
        assert np.allclose(ours, hog_pixel_by_pixel(patch.numpy()), atol=1e-5)


def test_an_upright_edge_votes_for_a_gradient_across():
    patch = torch.zeros(1, 32, 32)
    patch[:, :, 16:] = 1
    target = hog(patch).reshape(8, 8, 9)
    assert target[:, 3, 0].min() == pytest.approx(1)
    assert target[:, :3].abs().max() == 0


def test_targets_are_by_name_and_cells_are_the_tokens():
    grey, ink = patches_of_noise(3), (patches_of_noise(3, 1) > 0.5).float()
    assert torch.equal(target_of("hog-ink", grey, ink), hog(ink))
    assert torch.equal(target_of("hog-grey", grey, ink), hog(grey))
    cells = target_of("pixels", grey, ink)
    assert torch.equal(cells[1, 10].reshape(4, 4), grey[1, 4:8, 8:12])  # token 10: second row, third column
    assert torch.equal(cells, cells_of(grey))


def test_only_hidden_tokens_count():
    generator = torch.Generator().manual_seed(1)
    seen = random_visible(5, 0.75, 64, generator)
    assert seen.shape == (5, 16)
    told, target = torch.rand(5, 64, 9), torch.rand(5, 64, 9)
    loss = masked_loss(told, target, seen)
    other = target.clone()
    other[2, seen[2, 3]] += 10
    assert masked_loss(told, other, seen) == loss
    hidden = next(token for token in range(64) if token not in seen[2].tolist())
    other[2, hidden] += 10
    assert masked_loss(told, other, seen) > loss
    everything = [
        ((told[n, t] - target[n, t]) ** 2).mean() for n in range(5) for t in {*range(64)} - {*seen[n].tolist()}
    ]
    assert loss == pytest.approx(float(torch.stack(everything).mean()), rel=1e-5)


def test_what_is_hidden_does_not_reach_the_encoder():
    torch.manual_seed(0)
    model = MaskedAutoencoder(TINY).eval()
    seen = random_visible(1, 0.75, 64, torch.Generator().manual_seed(2))
    pixels = patches_of_noise(1)
    other = pixels.clone()
    hidden = next(token for token in range(64) if token not in seen[0].tolist())
    row, column = hidden // 8 * 4, hidden % 8 * 4
    other[0, row : row + 4, column : column + 4] = 5
    with torch.no_grad():
        assert torch.equal(model(pixels, seen), model(other, seen))
        assert not torch.equal(model.encoder(pixels), model.encoder(other))


@pytest.mark.parametrize("share", [0.4, 0.9, 0.999])
def test_any_mask_leaves_something_to_see_and_to_guess(share):
    seen = random_visible(2, share, 64, torch.Generator().manual_seed(0))
    assert 1 <= seen.shape[1] < 64
    assert seen.shape[1] == max(1, math.ceil(round(64 * (1 - share), 6)))


# ---- the second stage -----------------------------------------------------------------------------------------------


def test_netrvlad_is_what_departs_from_the_centres():
    torch.manual_seed(0)
    layer = NetRVLAD(3, 2)
    x = torch.rand(5, 3)
    shares = torch.softmax(x @ layer.assign.weight.T + layer.assign.bias, 1)
    expected = [torch.cat([shares[n, k] * (x[n] - layer.centres[k]) for k in range(2)]) for n in range(5)]
    codes = layer(x)
    assert codes.shape == (5, 6)
    assert torch.allclose(codes, torch.stack(expected), atol=1e-6)
    codes.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in layer.parameters())
    layer.begin_at(np.eye(2, 3, dtype=np.float32))
    assert layer.centres.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_multi_similarity_of_a_case_by_hand():
    codes = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.8, -0.6]])
    labels = torch.tensor([0, 0, 1])
    # Similarities: 0-1 0.6, 0-2 0.8, 1-2 0. Of 0 both count; of 1 the pair with 0 does not (0.6 - 0.1 > 0), nor the
    # stranger (0 + 0.1 < 0.6); 2 has none of its label, so each stranger is farther than nothing: none counts.
    alike, strangers = mine(codes @ codes.T, labels[:, None] == labels[None])
    assert alike.tolist() == [[False, True, False], [False, False, False], [False, False, False]]
    assert strangers.tolist() == [[False, False, True], [False, False, False], [False, False, False]]
    drawn, pushed = math.log(1 + math.exp(-2 * 0.4)) / 2, math.log(1 + math.exp(40 * 0.6)) / 40
    assert float(multi_similarity(codes, labels, 0.2)) == pytest.approx((drawn + pushed) / 3, rel=1e-5)


def test_a_batch_without_pairs_has_a_loss_of_nothing():
    codes = torch.eye(3, requires_grad=True)
    loss = multi_similarity(codes, torch.tensor([0, 1, 2]), 0.2)
    loss.backward()
    assert float(loss.detach()) == 0
    assert torch.isfinite(codes.grad).all()


def test_the_sampler_gives_as_many_of_each_label_whatever_their_size():
    labels = np.array([0] * 50 + [1] * 3 + [2] + [-1] * 9 + [7] * 20)
    sampler = PerClass(labels, classes=8, per_class=5, seed=3)
    batch = sampler.batch(11)
    assert sorted(labels[batch].tolist()) == [0] * 5 + [1] * 5 + [7] * 5  # 2 is alone, -1 is of no label
    assert len(set(batch[labels[batch] == 0])) == 5
    assert set(batch[labels[batch] == 1]) == {50, 51, 52}
    assert sampler.batch(11).tolist() == batch.tolist()
    assert sampler.batch(12).tolist() != batch.tolist()


def test_an_epoch_sees_each_patch_once():
    order = Shuffled(103, 10, seed=1)
    seen = np.concatenate([order.batch(step) for step in range(10)])
    assert order.steps == 10
    assert len(set(seen.tolist())) == 100
    assert Shuffled(103, 10, seed=1).batch(13).tolist() == order.batch(13).tolist()


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_layer_decay_reaches_every_parameter_once(name):
    configuration = CONFIGURATIONS[name].but(dim=32, decoder_heads=8)
    model = SaghogEncoder(configuration)
    groups = parameter_groups(model, model.layer_of, configuration.layer_decay, 0.01)
    held = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(held) == sorted(id(parameter) for parameter in model.parameters())
    optimizer = torch.optim.AdamW(groups)
    set_rate(optimizer, 1.0)
    rates = {id(parameter): group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
    decay, depth = configuration.layer_decay, configuration.depth
    assert rates[id(model.netrvlad.centres)] == 1
    assert rates[id(model.encoder.blocks[depth - 1].out.weight)] == pytest.approx(decay)
    assert rates[id(model.encoder.cls)] == pytest.approx(decay ** (depth + 1))
    assert rates[id(model.encoder.embed.weight)] == pytest.approx(decay ** (depth + 1))
    spared = {id(p) for group in groups if group["weight_decay"] == 0 for p in group["params"]}
    assert {id(model.encoder.cls), id(model.encoder.norm.weight), id(model.netrvlad.assign.bias)} <= spared
    assert id(model.netrvlad.assign.weight) not in spared


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine():
    course = CONFIGURATIONS["paper"].pretrain
    rates = [rate_at(step, 200, 5, course) for step in range(200)]
    assert rates[4] == pytest.approx(8e-4)
    assert rates[0] == pytest.approx(8e-5 + (8e-4 - 8e-5) / 5)
    assert rates == sorted(rates[:5]) + sorted(rates[5:], reverse=True)
    assert rates[-1] == pytest.approx(8e-6, rel=0.02)


def test_pens_vary_alike_within_a_group():
    pixels = torch.zeros(8, 32, 32)
    pixels[:, 12:20, 10:22] = 1
    varied = augmented(pixels, 4, CONFIGURATIONS["grk"], torch.Generator().manual_seed(5))
    assert torch.equal(varied[0::2], varied[1::2])
    assert len({float(one.sum()) for one in varied[::2]}) > 1
    thick = [augmented(pixels[:1], 1, TINY, torch.Generator().manual_seed(n)).sum() for n in range(30)]
    assert min(thick) < pixels[0].sum() < max(thick)
    assert torch.equal(pixels[0], pixels[1])


# ---- the model ------------------------------------------------------------------------------------------------------


def test_the_graph_agrees_with_pytorch_and_lives_in_a_model_of_hands(tmp_path: Path):
    torch.manual_seed(0)
    model = SaghogEncoder(TINY).eval()
    coder = SaghogCoder(graph_of(model), model.dimensions)
    grey = np.random.default_rng(0).integers(0, 256, (300, 32, 32), np.uint8)
    with torch.no_grad():
        codes = FromGrey(model)(torch.from_numpy(grey)).numpy()
    assert np.abs(coder.codes(grey) - codes).max() < 1e-5
    assert np.allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)
    assert coder.codes(grey[:0]).shape == (0, 64)

    hands = Hands((Part(coder, Whitening.none(coder.dimensions), 0.4),), name="mine")
    hands.save(tmp_path / "mine")
    page, other = drawn_page(1), drawn_page(2)
    before, after = hands.describe(page), Hands.load(tmp_path / "mine").describe(page)
    assert (before.vector == after.vector).all()
    assert np.linalg.norm(before.vector) == pytest.approx(1, abs=1e-5)
    vector = hands.vector_of(other)
    assert float(before.shares(vector).sum()) == pytest.approx(float(before.vector @ vector), abs=1e-4)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_each_configuration_takes_a_step(name):
    """The sizes as published, with few samples: the real shapes meet."""
    configuration: Configuration = CONFIGURATIONS[name]
    torch.manual_seed(0)
    first = MaskedAutoencoder(configuration)
    seen = random_visible(4, configuration.mask, 64, torch.Generator().manual_seed(0))
    pixels = patches_of_noise(4)
    target = target_of(configuration.target, pixels, pixels)
    course = configuration.pretrain
    optimizer = torch.optim.AdamW(parameter_groups(first, lambda name: 0, 1.0, course.weight_decay))
    set_rate(optimizer, course.rate / 10)  # few samples: a whole step would go too far
    loss = masked_loss(first(pixels, seen), target, seen)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(first.parameters(), course.clip)
    optimizer.step()
    with torch.no_grad():
        assert masked_loss(first(pixels, seen), target, seen) < loss
    second = SaghogEncoder(configuration)
    second.encoder.load_state_dict(first.encoder.state_dict())
    varied = augmented(pixels, 4, configuration, torch.Generator().manual_seed(0))
    codes = second(varied)
    assert codes.shape == (4, configuration.clusters * configuration.dim)
    groups = parameter_groups(second, second.layer_of, configuration.layer_decay, 0.01)
    optimizer = torch.optim.AdamW(groups)
    set_rate(optimizer, configuration.finetune.rate)
    multi_similarity(codes, torch.tensor([0, 0, 1, 1]), configuration.base).backward()
    optimizer.step()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(parameter).all() for parameter in second.parameters())
