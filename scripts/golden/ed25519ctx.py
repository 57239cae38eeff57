"""Ed25519ctx as RFC 8032, section 5.1, defines it, in plain integers: slow, and no library's."""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def sign(seed, message, context):
    """The signature of the message under a context of 1 to 255 bytes."""
    prefix = b"SigEd25519 no Ed25519 collisions" + bytes([0, len(context)]) + context
    scalar, nonce_key = _expand(seed)
    nonce = _number(_hash(prefix, nonce_key, message)) % L
    point = _encode(_multiply(nonce, BASE))
    challenge = _number(_hash(prefix, point, public_key(seed), message)) % L
    return point + ((nonce + challenge * scalar) % L).to_bytes(32, "little")


def public_key(seed):
    return _encode(_multiply(_expand(seed)[0], BASE))


def _expand(seed):
    digest = _hash(seed)
    scalar = _number(digest[:32]) & (2**254 - 8) | 2**254
    return scalar, digest[32:]


def _hash(*parts):
    return hashlib.sha512(b"".join(parts)).digest()


def _number(data):
    return int.from_bytes(data, "little")


def _add(a, b):
    """Twisted Edwards addition in affine coordinates; complete on this curve."""
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def _multiply(scalar, point):
    total = (0, 1)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _encode(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _base():
    y = 4 * pow(5, -1, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x & 1 else x), y


BASE = _base()


def check():
    """The first vector of RFC 8032, section 7.2."""
    seed = bytes.fromhex("0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6")
    message = bytes.fromhex("f726936d19c800494e3fdaff20b276a8")
    assert sign(seed, message, b"foo").hex() == (
        "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a"
        "8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b21f4b888e4e7edb0d"
    )
