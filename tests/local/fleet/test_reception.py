"""Many devices at once give what the codec's own decoder gives each: the same bytes with the same fragment."""

from __future__ import annotations

import numpy as np
import pytest

from fuota_constructs.local.fleet.reception import Reception
from fuota_constructs.local.fleet.transmission import Transmission
from fuota_constructs.lorawan.fragmentation import Decoder


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("image_bytes", "size", "coded", "loss", "step"),
    [
        (1, 1, 0, 0.0, 1),
        (5, 3, 4, 0.4, 1),
        (996, 48, 20, 0.25, 1),
        (1024, 16, 40, 0.3, 7),
        (5000, 50, 50, 0.3, 1000),
        (3000, 239, 13, 0.4, 3),
        (4097, 40, 103, 0.5, 10),
        (6000, 30, 220, 0.4, 40),  # more than 64 lost by a device
    ],
)
def test_receptions_equal_the_decoder(
    *, version: int, image_bytes: int, size: int, coded: int, loss: float, step: int
) -> None:
    random = np.random.default_rng([image_bytes, version])
    image = random.bytes(image_bytes)
    sent = Transmission(image, size, coded, version=version, frag_index=1)
    fragments = sent.data + coded
    arrived = random.random((25, fragments)) >= loss
    found: dict[int, tuple[int, bytes]] = {}

    def on_image(device: int, n: int, received: bytes) -> None:
        assert device not in found
        found[device] = (n, received)

    reception = Reception(sent, arrived, on_image)
    for until in (*range(step, fragments, step), fragments):
        reception.deliver(until)
    for device in range(25):
        decoder = Decoder(sent.data, size, padding=sent.padding, version=version)
        decided = next(
            (n for n in range(1, fragments + 1) if arrived[device, n - 1] and decoder.add(n, sent.fragment(n).payload)),
            None,
        )
        if decided is None:
            assert device not in found
            assert reception.missing(device) == decoder.missing
        else:
            assert found[device] == (decided, decoder.image()) == (decided, image)
        assert reception.received()[device] == int(arrived[device].sum())


def test_missing_is_no_lower_bound() -> None:
    # Coded fragments 1 and 4 of three data fragments are the same one: two are still missing, not one.
    sent = Transmission(bytes(3), 1, 4, version=1, frag_index=1)
    arrived = np.array([[False, False, False, True, False, False, True]])
    reception = Reception(sent, arrived, lambda *_: None)
    decoder = Decoder(3, 1)
    for n in (4, 7):
        decoder.add(n, sent.fragment(n).payload)
    reception.deliver(5)
    assert reception.missing(0) == 2
    reception.deliver(7)
    assert reception.missing(0) == decoder.missing == 2


def test_frames_are_data_fragments_on_the_air() -> None:
    sent = Transmission(bytes(range(10)), 4, 2, version=1, frag_index=1)
    assert sent.frames[0] == bytes([0x08, 0x01, 0x40, 0, 1, 2, 3])
    assert sent.frames[2] == bytes([0x08, 0x03, 0x40, 8, 9, 0, 0])
    assert (len(sent.frames), sent.padding) == (5, 2)
