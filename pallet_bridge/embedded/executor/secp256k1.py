"""Recovering a secp256k1 public key from a signature (SEC 1, section 4.1.6).

Pure Python, a few milliseconds each: runtimes recover such keys only for ECDSA accounts. It works
on public data, so its timing gives nothing away.
"""

from __future__ import annotations

# Field, group order and generator of secp256k1 (SEC 2, section 2.4.1).
_FIELD = 2**256 - 2**32 - 977
ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_GENERATOR = (
    0x79BE667E_F9DCBBAC_55A06295_CE870B07_029BFCDB_2DCE28D9_59F2815B_16F81798,
    0x483ADA77_26A3C465_5DA4FBFC_0E1108A8_FD17B448_A6855419_9C47D08F_FB10D4B8,
)

_Point = tuple[int, int] | None  # None is the point at infinity


def recover(digest: bytes, r: int, s: int, recovery: int) -> bytes | None:
    """Return the public key as x and y in 64 bytes, None when there is none.

    Parameters
    ----------
    digest
        The 32 bytes that were signed.
    r, s
        The signature; both below `ORDER`.
    recovery
        Bit 0: the nonce point's y is odd. Bit 1: its x was at least the order.
    """
    x = r + ORDER * (recovery >> 1)
    if not r or not s or x >= _FIELD:
        return None
    square = (pow(x, 3, _FIELD) + 7) % _FIELD
    y = pow(square, (_FIELD + 1) // 4, _FIELD)
    if y * y % _FIELD != square:
        return None
    if y & 1 != recovery & 1:
        y = _FIELD - y
    inverse = pow(r, -1, ORDER)
    message = int.from_bytes(digest, "big")
    key = _add(
        _multiply(_GENERATOR, -message * inverse % ORDER), _multiply((x, y), s * inverse % ORDER)
    )
    return None if key is None else key[0].to_bytes(32, "big") + key[1].to_bytes(32, "big")


def _add(left: _Point, right: _Point) -> _Point:
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2:
        if (y1 + y2) % _FIELD == 0:
            return None
        slope = 3 * x1 * x1 * pow(2 * y1, -1, _FIELD)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, _FIELD)
    x3 = (slope * slope - x1 - x2) % _FIELD
    return x3, (slope * (x1 - x3) - y1) % _FIELD


def _multiply(point: _Point, scalar: int) -> _Point:
    total: _Point = None
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total
