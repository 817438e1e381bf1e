"""The two engines of the codec."""

import importlib

import pytest

from fuota_constructs.lorawan.fragmentation import arrays, bigint


@pytest.fixture(params=[arrays, bigint], ids=["arrays", "bigint"])
def engine(request, monkeypatch):
    """Runs a test once with each engine under encoder and decoder."""
    decoder = importlib.import_module("fuota_constructs.lorawan.fragmentation.decoder")
    encoder = importlib.import_module("fuota_constructs.lorawan.fragmentation.encoder")
    monkeypatch.setattr(decoder, "Elimination", request.param.Elimination)
    monkeypatch.setattr(encoder, "coded_fragments", request.param.coded_fragments)
    return request.param
