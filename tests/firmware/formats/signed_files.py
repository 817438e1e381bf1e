"""Keys, and image files that are signed by them to the letter of their format."""

import hashlib
import struct
import zlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from image_files import esp_image, program

MAKERS = {
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-3072": lambda: rsa.generate_private_key(65537, 3072),
}


class Keys:
    """Private keys by kind and number, each made once and kept beside a file of it."""

    def __init__(self, folder) -> None:
        self._folder = folder
        self._made = {}

    def key(self, kind, number=1):
        if (kind, number) not in self._made:
            self._made[kind, number] = MAKERS[kind]()
        return self._made[kind, number]

    def file(self, kind, number=1):
        """The private key as PEM."""
        path = self._folder / f"key-{kind}-{number}.pem"
        path.write_bytes(private_pem(self.key(kind, number)))
        return path

    def public_file(self, kind, number=1):
        path = self._folder / f"public-{kind}-{number}.pem"
        path.write_bytes(public_pem(self.key(kind, number)))
        return path


def private_pem(key, form=serialization.PrivateFormat.PKCS8, passphrase=None) -> bytes:
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, encryption)


def public_pem(key) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def raw_ecdsa(key, digest, order="big") -> bytes:
    """r and s, each as long as the curve."""
    size, algorithm = key.key_size // 8, hashes.SHA256() if len(digest) == 32 else hashes.SHA384()
    r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(utils.Prehashed(algorithm))))
    return r.to_bytes(size, order) + s.to_bytes(size, order)


def secure_boot(*keys, version=2) -> bytes:
    """An ESP32 application signed as espsecure does: by the blocks of version 2, or the 68 bytes of version 1."""
    image = esp_image()
    if version == 1:
        return image + bytes(4) + raw_ecdsa(keys[0], hashlib.sha256(image).digest())
    image = image.ljust(-(-len(image) // 4096) * 4096, b"\xff")
    return image + b"".join(secure_boot_block(image, key) for key in keys).ljust(4096, b"\xff")


def secure_boot_block(image, key) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        digest, numbers = hashlib.sha256(image).digest(), key.public_key().public_numbers()
        salted = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        signature = key.sign(digest, salted, utils.Prehashed(hashes.SHA256()))
        modulus = numbers.n.to_bytes(384, "little")
        block = struct.pack("<BBxx32s384sI384sI384s", 0xE7, 2, digest, modulus, numbers.e, b"r", 7, signature[::-1])
    else:
        wide, numbers = key.key_size == 384, key.public_key().public_numbers()
        digest = (hashlib.sha384 if wide else hashlib.sha256)(image).digest()
        size = key.key_size // 8
        point = numbers.x.to_bytes(size, "little") + numbers.y.to_bytes(size, "little")
        raw = raw_ecdsa(key, digest)
        pair = raw[:size][::-1] + raw[size:][::-1]
        form = "<BBBx48sB96s96s951x" if wide else "<BBBx32sB64s64s1031x"
        block = struct.pack(form, 0xE7, 3, int(wide), digest, 3 if wide else 2, point, pair)
    return block + struct.pack("<I", zlib.crc32(block)) + bytes(16)


WOLFBOOT_TYPES = {"ed25519": 0x0101, "ecdsa-p256": 0x0201, "ecdsa-p384": 0x0601, "rsa-2048": 0x0301, "rsa-3072": 0x0801}


def wolfboot(kind, key, *, digest="sha256", encoded=False) -> bytes:
    """An image as wolfBoot's sign tool lays it out: the type before the digest, the signature over the digest."""
    payload = program(3000)
    head = b"WOLF" + struct.pack("<IHHI", len(payload), 1, 4, 9) + b"\xff" * 4
    head += struct.pack("<HHQHHH", 2, 8, 1_700_000_000, 4, 2, WOLFBOOT_TYPES[kind])
    head = head.ljust(-(-(len(head) + 4) // 8) * 8 - 4, b"\xff")
    head += b"" if (len(head) % 8) == 4 else b"\xff" * 4
    tag = {"sha256": 3, "sha384": 0x14, "sha3_384": 0x13}[digest]
    found = hashlib.new(digest, head + payload).digest()
    public = key.public_key()
    if kind == "ed25519":
        plain, signature = public.public_bytes_raw(), key.sign(found)
    elif kind.startswith("rsa"):
        plain = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        signature = _pkcs1(key, found, encoded=encoded)
    else:
        numbers, size = public.public_numbers(), key.key_size // 8
        plain = numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")
        algorithm = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha3_384": hashes.SHA3_384()}[digest]
        r, s = utils.decode_dss_signature(key.sign(found, ec.ECDSA(utils.Prehashed(algorithm))))
        signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    head += struct.pack("<HH", tag, len(found)) + found
    head += struct.pack("<HH", 0x10, len(found)) + hashlib.new(digest, plain).digest()
    head += struct.pack("<HH", 0x20, len(signature)) + signature
    return head.ljust(next(size for size in (256, 512, 1024) if size >= len(head)), b"\xff") + payload


def _pkcs1(key, digest, *, encoded) -> bytes:
    """PKCS #1 v1.5 over the bare digest, as wolfBoot signs by default, or with the name of the algorithm before it."""
    if encoded:
        return key.sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
    size, private = key.key_size // 8, key.private_numbers()
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return pow(int.from_bytes(padded, "big"), private.d, private.public_numbers.n).to_bytes(size, "big")


def sfu(key, *, payload=None, encrypted=False, version=3) -> bytes:
    """An image of SBSFU with ECDSA: the header has the digest of the plain firmware, and is signed."""
    plain = program(4000) if payload is None else payload
    head = b"SFU1" + struct.pack("<HHIII", 1, version, len(plain), 0, 0)
    head += hashlib.sha256(plain).digest() + bytes(32) + bytes(16) + bytes(28)
    head += raw_ecdsa(key, hashlib.sha256(head).digest())
    body = bytes(byte ^ 0x5A for byte in plain) if encrypted else plain
    return head.ljust(512, b"\xff") + body


def mbed(key, *, delta=0) -> bytes:
    """A program with the manifest that lorawan-fota-signing-tool appends."""
    plain = program(6000)
    signature = key.sign(plain, ec.ECDSA(hashes.SHA256()))
    while len(signature) not in (70, 71, 72):
        signature = key.sign(plain, ec.ECDSA(hashes.SHA256()))
    manifest = bytes([len(signature)]) + signature.ljust(72, b"\0") + b"m" * 16 + b"c" * 16
    return plain + manifest + struct.pack("<I", 1_700_000_000) + bytes([delta, 0, 0, 0])
