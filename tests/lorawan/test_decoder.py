"""The decoder: byte for byte over random sessions, and honest where it cannot; with both engines."""

import copy
import hashlib
import importlib.util
import random
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuota_constructs.lorawan.fragmentation import Decoder, FragmentationError, encode, padding
from fuota_constructs.lorawan.fragmentation import engine as engine_module

MORE_EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def _reassembled(decoder):
    """What the decoder would answer if it did not know the digest."""
    decoder = copy.deepcopy(decoder)
    decoder._sha256, decoder.contradictions = None, 0
    return decoder.image()


def _decoder(image, size, **arguments):
    return Decoder(-(-len(image) // size), size, padding=padding(len(image), size), **arguments)


@MORE_EXAMPLES
@given(data=st.data())
def test_recovers_byte_for_byte(engine, data):
    source = random.Random(data.draw(st.integers(0, 2**32)))
    size = data.draw(st.integers(1, 60))
    # Both engines take the square of the fragments: 400 have every case, and large images have a test of their own.
    image = source.randbytes(data.draw(st.one_of(st.integers(1, 40), st.integers(1, min(6000, 400 * size)))))
    version = data.draw(st.sampled_from([1, 2]))
    loss = data.draw(st.sampled_from([0.0, 0.05, 0.2, 0.5, 0.9]))
    m = -(-len(image) // size)
    fragments = encode(image, size, min(m + 20, 16_383 - m), version=version)
    arrived = [(n, fragment) for n, fragment in enumerate(fragments, 1) if source.random() >= loss]
    arrived += source.sample(arrived, len(arrived) // 5)  # repeats
    if data.draw(st.booleans()):
        source.shuffle(arrived)  # late and early ones
    decoder = _decoder(image, size, version=version, sha256=hashlib.sha256(image).hexdigest())
    complete = False
    for n, fragment in arrived:
        complete = decoder.add(n, fragment)
        assert complete == decoder.complete == (decoder.missing == 0)
    assert decoder.contradictions == 0
    if complete:
        assert decoder.image() == image
    else:
        assert decoder.missing >= 1
        with pytest.raises(FragmentationError, match="is not complete"):
            decoder.image()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("size", "length"), [(239, 1_048_576), (71, 1_048_576), (50, 100_001)])
def test_recovers_large_images(size, length, version):
    source = random.Random(length + size + version)
    image = source.randbytes(length)
    m = -(-length // size)
    fragments = encode(image, size, min(m // 6, 16_383 - m), version=version)
    decoder = _decoder(image, size, version=version)
    for n, fragment in enumerate(fragments, 1):
        if source.random() >= 0.08 and decoder.add(n, fragment):
            break
    assert decoder.image() == image


@pytest.mark.parametrize("version", [1, 2])
def test_engines_agree_on_when_an_image_is_complete(monkeypatch, version):
    module = importlib.import_module("fuota_constructs.lorawan.fragmentation.decoder")
    from fuota_constructs.lorawan.fragmentation import arrays, bigint

    source = random.Random(7)
    for _ in range(20):
        image = source.randbytes(source.randrange(100, 900))
        fragments = list(enumerate(encode(image, 9, 120, version=version), 1))
        source.shuffle(fragments)
        counts = []
        for engine in (arrays, bigint):
            monkeypatch.setattr(module, "Elimination", engine.Elimination)
            decoder = _decoder(image, 9, version=version)
            counts.append([(decoder.add(n, f), decoder.missing) for n, f in fragments])
        assert counts[0] == counts[1]


@pytest.mark.parametrize("version", [1, 2])
def test_few_lost_fragments_are_solved_as_many_are(monkeypatch, version):
    from fuota_constructs.lorawan.fragmentation import arrays

    source = random.Random(11)
    for lost_share in (0.02, 0.3, 0.9):
        image = source.randbytes(source.randrange(1000, 1800))
        fragments = list(enumerate(encode(image, 9, 150, version=version), 1))
        arrived = [each for each in fragments if source.random() >= lost_share]
        turned = source.randrange(len(arrived))
        late = source.sample(fragments, 20)
        for corrupt in (False, True):
            sent = arrived + late
            if corrupt:
                n, fragment = sent[turned]
                sent[turned] = (n, bytes([fragment[0] ^ 1]) + fragment[1:])
            found = []
            for few in (0, 10_000):
                monkeypatch.setattr(arrays, "FEW_LOST", few)
                decoder = _decoder(image, 9, version=version, sha256=hashlib.sha256(image).hexdigest())
                steps = [(decoder.add(n, fragment), decoder.missing) for n, fragment in sent]
                right = decoder.complete and _reassembled(decoder) == image
                found.append((steps, right, corrupt and decoder.contradictions > 0))
            assert found[0] == found[1]
            assert found[0][1] or corrupt or lost_share > 0.5


def test_late_data_fragments_count(engine):
    image = random.Random(1).randbytes(200)
    fragments = encode(image, 10, 8)
    decoder = _decoder(image, 10)
    for n in range(6, 21):
        decoder.add(n, fragments[n - 1])
    for n in range(21, 26):  # coded: enough in number, so the elimination begins
        decoder.add(n, fragments[n - 1])
    for n in range(1, 6):
        if decoder.complete:
            break
        decoder.add(n, fragments[n - 1])
    assert decoder.image() == image
    assert decoder.contradictions == 0


def test_a_late_data_fragment_within_the_elimination(engine):
    image = random.Random(2).randbytes(60)
    fragments = encode(image, 1, 40)
    decoder = Decoder(60, 1)
    for n in range(61, 101):
        decoder.add(n, fragments[n - 1])
    for n in range(21, 61):
        decoder.add(n, fragments[n - 1])
    for n in range(1, 21):  # 20 lost and 40 rows: complete by now
        decoder.add(n, fragments[n - 1])
    assert decoder.image() == image


def test_a_late_data_fragment_that_contradicts(engine):
    image = random.Random(3).randbytes(40)
    fragments = encode(image, 1, 40)
    rows = [41]  # one row over several lost columns: nothing is known alone
    decoder = Decoder(40, 1)
    for n in range(4, 41):
        decoder.add(n, fragments[n - 1])
    for n in (*rows, 42, 43):
        decoder.add(n, fragments[n - 1])
    if not decoder.complete:
        for n in range(1, 4):
            decoder.add(n, bytes([fragments[n - 1][0] ^ 0xFF]))
        assert decoder.complete
    wrong = bytes([fragments[0][0] ^ 0x55])
    before = decoder.contradictions
    decoder.add(1, wrong)
    assert decoder.contradictions > before


@pytest.mark.parametrize("version", [1, 2])
def test_a_corrupted_fragment_never_gives_a_wrong_image(engine, version):
    source = random.Random(version)
    image = source.randbytes(500)
    digest = hashlib.sha256(image).hexdigest()
    for _ in range(40):
        fragments = encode(image, 20, 20, version=version)
        bad = source.randrange(len(fragments))
        fragments[bad] = bytes([fragments[bad][0] ^ source.randrange(1, 256)]) + fragments[bad][1:]
        decoder = _decoder(image, 20, version=version, sha256=digest)
        for n, fragment in enumerate(fragments, 1):
            if source.random() > 0.2:
                decoder.add(n, fragment)
        if decoder.complete and hashlib.sha256(_reassembled(decoder)).hexdigest() == digest:
            assert decoder.image() == image
        else:
            with pytest.raises(FragmentationError, match=r"has sha256|not complete"):
                decoder.image()


def test_a_foreign_session_is_noticed(engine):
    source = random.Random(4)
    image, other = source.randbytes(400), source.randbytes(400)
    ours, foreign = encode(image, 20, 10), encode(other, 20, 10)
    decoder = _decoder(image, 20, sha256=hashlib.sha256(image).hexdigest().upper())
    for n in range(2, 21):
        decoder.add(n, ours[n - 1])
    for n in range(21, 31):
        decoder.add(n, foreign[n - 1])
    with pytest.raises(FragmentationError, match="corrupted or of another session"):
        decoder.image()


def test_fragments_of_the_other_version_are_noticed(engine):
    image = random.Random(5).randbytes(400)
    first, second = encode(image, 20, 20), encode(image, 20, 20, version=2)
    decoder = _decoder(image, 20)
    for n in range(6, 21):
        decoder.add(n, first[n - 1])
    for n in range(21, 41):
        decoder.add(n, second[n - 1])
    assert decoder.complete
    with pytest.raises(FragmentationError, match="contradict"):
        decoder.image()
    decoder = _decoder(image, 20, sha256=hashlib.sha256(image).hexdigest())
    for n in (*range(6, 21), *range(21, 41)):
        decoder.add(n, (first if n < 21 else second)[n - 1])
    with pytest.raises(FragmentationError, match="sha256"):
        decoder.image()


def test_a_repeat_that_differs_is_a_contradiction(engine):
    decoder = Decoder(2, 1)
    assert not decoder.add(1, b"a")
    assert not decoder.add(1, b"a")
    assert decoder.contradictions == 0
    decoder.add(1, b"b")
    assert decoder.contradictions == 1
    decoder.add(2, b"c")
    with pytest.raises(FragmentationError, match="1 fragments contradict the others and no sha256 was given"):
        decoder.image()


def test_with_a_digest_a_contradiction_does_not_matter(engine):
    decoder = Decoder(1, 1, sha256=hashlib.sha256(b"a").hexdigest())
    decoder.add(1, b"a")
    decoder.add(1, b"b")
    assert decoder.image() == b"a"


def test_coded_repeats_and_contradictions(engine):
    image = random.Random(6).randbytes(30)
    fragments = encode(image, 1, 30)
    decoder = Decoder(30, 1)
    decoder.add(31, fragments[30])
    decoder.add(31, fragments[30])
    assert decoder.contradictions == 0
    decoder.add(31, bytes([fragments[30][0] ^ 1]))
    assert decoder.contradictions == 1


def test_coded_fragments_that_contradict_each_other(engine):
    source = random.Random(8)
    image = source.randbytes(64)
    fragments = encode(image, 1, 60)
    decoder = Decoder(64, 1)
    for n in range(65, 125):
        decoder.add(n, bytes([fragments[n - 1][0] ^ (n == 70)]))
    for n in range(1, 60):
        decoder.add(n, fragments[n - 1])
        if decoder.complete:
            break
    assert decoder.contradictions or decoder.image() != image


def test_redundancy_does_not_help_a_single_fragment(engine):
    fragments = encode(b"a", 4, 5)
    assert fragments[1:] == [bytes(4)] * 5
    decoder = Decoder(1, 4, padding=3)
    for n in range(2, 7):
        assert not decoder.add(n, fragments[n - 1])
    assert decoder.missing == 1
    assert decoder.add(1, fragments[0])
    assert decoder.image() == b"a"


def test_what_is_missing(engine):
    decoder = Decoder(10, 4)
    assert decoder.missing == 10
    decoder.add(1, bytes(4))
    assert decoder.missing == 9
    decoder.add(11, bytes(4))
    assert decoder.missing == 8
    with pytest.raises(FragmentationError, match=r"at least 8 more .*9 of 10 data fragments lost, 1 coded fragments"):
        decoder.image()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"m": 0}, "m is 0"),
        ({"m": 16_384}, "m is 16384"),
        ({"fragment_size": 0}, "fragment_size is 0"),
        ({"fragment_size": 256}, "1 to 255"),
        ({"padding": -1}, "padding is -1"),
        ({"m": 2, "fragment_size": 4, "padding": 9}, "padding is 9"),
        ({"version": 3}, "version is 3"),
    ],
)
def test_fails_out_of_range(arguments, message):
    everything = {"m": 4, "fragment_size": 10, "padding": 0, "version": 1, **arguments}
    with pytest.raises(ValueError, match=message):
        Decoder(everything.pop("m"), everything.pop("fragment_size"), **everything)


@pytest.mark.parametrize(
    ("n", "payload", "message"),
    [(0, b"1234", "fragment number is 0"), (16_384, b"1234", "1 to 16383"), (1, b"123", "fragment 1 has 3 bytes")],
)
def test_fails_for_a_fragment_of_no_session(n, payload, message):
    with pytest.raises(FragmentationError, match=message):
        Decoder(4, 4).add(n, payload)


def test_plain_engine_where_numpy_is_missing(monkeypatch):
    from fuota_constructs.lorawan.fragmentation import arrays, bigint

    assert engine_module.Elimination is arrays.Elimination
    monkeypatch.setitem(sys.modules, "fuota_constructs.lorawan.fragmentation.arrays", None)
    spec = importlib.util.spec_from_file_location("engine_without_numpy", engine_module.__file__)
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    assert plain.Elimination is bigint.Elimination
    assert plain.coded_fragments is bigint.coded_fragments
