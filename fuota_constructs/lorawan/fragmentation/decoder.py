"""Putting an image together from the fragments that arrived."""

from __future__ import annotations

import hashlib
import itertools

from fuota_constructs.lorawan.fragmentation.engine import Elimination
from fuota_constructs.lorawan.fragmentation.lost_rank import LostRank
from fuota_constructs.lorawan.fragmentation.parity import check_row
from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS, MAX_FRAG_SIZE_FIELD


class FragmentationError(ValueError):
    """A fragment or an image that is not what the session says."""


class Decoder:
    """Reassembles one image from data and coded fragments, in any order, with loss, repeats and late arrivals.

    ``m`` data fragments (1 to 16383) of ``fragment_size`` bytes (1 to 255), the last of which ends in ``padding`` bytes
    that are not the image's; ``version`` 1 or 2 as the sender's. Give ``sha256`` (64 hex digits) of the image where it
    is known: without it a fragment corrupted on the way can go unnoticed, as it would on a device without a MIC.

    Raises ValueError where a parameter is out of range.
    """

    def __init__(
        self, m: int, fragment_size: int, *, padding: int = 0, version: int = 1, sha256: str | None = None
    ) -> None:
        check_row(m, 1, version)
        if not 1 <= fragment_size <= MAX_FRAG_SIZE_FIELD:
            raise ValueError(f"fragment_size is {fragment_size}: FragSize is 1 to {MAX_FRAG_SIZE_FIELD} bytes")
        if not 0 <= padding <= min(255, fragment_size * m):
            raise ValueError(f"padding is {padding}: it is 0 to 255 bytes and no more than the fragments hold")
        self.m = m
        self.fragment_size = fragment_size
        self.padding = padding
        self.version = version
        self.contradictions = 0
        """Fragments that disagree with others: above 0, some fragment was corrupted or of another session."""
        self._sha256 = sha256.lower() if sha256 is not None else None
        self._data: list[bytes | None] = [None] * m
        self._lost = m
        self._coded: dict[int, bytes] = {}
        self._elimination: Elimination | None = None
        self._rank = LostRank(m, version)  # kept up when somebody asks what is missing
        self._ranked = 0
        self._came: list[int] = []

    @property
    def missing(self) -> int:
        """How many more fragments are needed at the least; 0 once complete.

        A coded fragment that follows from those before it takes nothing off.
        """
        if self._elimination is not None:
            return self._elimination.missing
        if not self._lost or not self._coded:
            return self._lost
        if self._came:
            self._rank.arrived(self._came)
            self._came = []
        self._rank.coded(itertools.islice(self._coded, self._ranked, None))
        self._ranked = len(self._coded)
        return self._lost - self._rank.rank

    @property
    def complete(self) -> bool:
        """Whether the image can be had."""
        return self._lost == 0

    def add(self, n: int, payload: bytes) -> bool:
        """Take in fragment ``n`` (1 to m data, above it coded); True once the image is complete.

        A fragment that came before is ignored, unless it differs: then it counts as a contradiction.
        Raises FragmentationError for an n outside 1..16383 or a payload of another length.
        """
        if not 1 <= n <= MAX_ENCODED_FRAGMENTS:
            raise FragmentationError(f"fragment number is {n}: fragments count from 1 to {MAX_ENCODED_FRAGMENTS}")
        if len(payload) != self.fragment_size:
            raise FragmentationError(
                f"fragment {n} has {len(payload)} bytes: this session's fragments have {self.fragment_size}"
            )
        if n <= self.m:
            self._add_data(n - 1, bytes(payload))
        else:
            self._add_coded(n - self.m, bytes(payload))
        return self._lost == 0

    def _add_data(self, column: int, payload: bytes) -> None:
        known = self._data[column]
        if known is not None:
            self.contradictions += known != payload
            return
        if self._elimination is not None:
            self.contradictions += self._elimination.add_data(column, payload)
            self._finish()
            return
        self._data[column] = payload
        self._lost -= 1
        self._came.append(column)
        if self._coded:
            self._try()

    def _add_coded(self, y: int, payload: bytes) -> None:
        known = self._coded.get(y)
        if known is not None:
            self.contradictions += known != payload
            return
        self._coded[y] = payload
        if self._elimination is not None:
            self.contradictions += self._elimination.add_coded([y], [payload])
            self._finish()
        else:
            self._try()

    def _try(self) -> None:
        # Elimination is worth its cost only once the equations could suffice.
        if self._lost and len(self._coded) >= self._lost:
            self._elimination = Elimination(self._data, self.fragment_size, self.version)
            self.contradictions += self._elimination.add_coded(list(self._coded), list(self._coded.values()))
            self._finish()

    def _finish(self) -> None:
        if self._elimination is not None and self._lost and self._elimination.missing == 0:
            for column, payload in self._elimination.solve().items():
                self._data[column] = payload
            self._lost = 0
            self._elimination = None

    def image(self) -> bytes:
        """The image, without padding.

        Raises FragmentationError while fragments are missing, when fragments contradicted each other, and when the
        image is not the one that ``sha256`` names.
        """
        if self._lost:
            raise FragmentationError(
                f"the image is not complete: at least {self.missing} more fragments are needed "
                f"({self._lost} of {self.m} data fragments lost, {len(self._coded)} coded fragments received)"
            )
        block = b"".join(fragment for fragment in self._data if fragment is not None)
        image = block[: len(block) - self.padding]
        if self._sha256 is not None:
            found = hashlib.sha256(image).hexdigest()
            if found != self._sha256:
                raise FragmentationError(
                    f"the image has sha256 {found}, expected {self._sha256}: "
                    "a fragment was corrupted or of another session"
                )
        elif self.contradictions:
            raise FragmentationError(
                f"{self.contradictions} fragments contradict the others and no sha256 was given to tell which are right"
            )
        return image
