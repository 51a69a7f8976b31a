"""BLAKE2b and XXH64 as Wasm text, to hash inside the runtime's own memory.

A runtime hashes a hundred times for each extrinsic, mostly a few dozen bytes: leaving Wasm for
that would cost more than the hash. BLAKE2b is RFC 7693 without key; XXH64 is the algorithm of
the xxHash specification, here with several seeds one after the other as Substrate's twox does.
"""

from __future__ import annotations

# RFC 7693, section 2.6 and 2.7.
_BLAKE_IV = (
    0x6A09E667F3BCC908,
    0xBB67AE8584CAA73B,
    0x3C6EF372FE94F82B,
    0xA54FF53A5F1D36F1,
    0x510E527FADE682D1,
    0x9B05688C2B3E6C1F,
    0x1F83D9ABFB41BD6B,
    0x5BE0CD19137E2179,
)
_SIGMA = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
_ROUNDS = 12
_MIXES = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)
BLAKE_BLOCK = 128

# xxHash specification, XXH64.
_PRIME1 = 0x9E3779B185EBCA87
_PRIME2 = 0xC2B2AE3D27D4EB4F
_PRIME3 = 0x165667B19E3779F9
_PRIME4 = 0x85EBCA77C2B2AE63
_PRIME5 = 0x27D4EB2F165667C5
_MASK64 = 2**64 - 1


def blake2b(block: int) -> str:
    """Define ``$blake2b (data, length, digest length, out)``.

    Parameters
    ----------
    block
        Address of 128 bytes that the function may use.
    """
    locals_ = " ".join(f"(local $h{i} i64)" for i in range(8))
    work = " ".join(f"(local $v{i} i64)" for i in range(16))
    start = [f"(local.set $h{i} (i64.const {iv:#x}))" for i, iv in enumerate(_BLAKE_IV)]
    start.append(
        "(local.set $h0 (i64.xor (local.get $h0) (i64.xor (i64.const 0x01010000)"
        " (i64.extend_i32_u (local.get $digest)))))"
    )
    fill = [
        *(f"(i64.store (i32.const {block + 8 * i}) (i64.const 0))" for i in range(16)),
        f"(memory.copy (i32.const {block}) (local.get $at) (local.get $left))",
        f"(local.set $m (i32.const {block}))",
    ]
    load = [f"(local.set $v{i} (local.get $h{i}))" for i in range(8)]
    load += [f"(local.set $v{i + 8} (i64.const {iv:#x}))" for i, iv in enumerate(_BLAKE_IV)]
    load.append("(local.set $v12 (i64.xor (local.get $v12) (local.get $t)))")
    load.append("(local.set $v14 (i64.xor (local.get $v14) (local.get $last)))")
    mix = [
        _mix(_MIXES[i], _SIGMA[turn % 10][2 * i], _SIGMA[turn % 10][2 * i + 1])
        for turn in range(_ROUNDS)
        for i in range(8)
    ]
    fold = [
        f"(local.set $h{i} (i64.xor (local.get $h{i})"
        f" (i64.xor (local.get $v{i}) (local.get $v{i + 8}))))"
        for i in range(8)
    ]
    store = [
        f"(if (i32.gt_u (local.get $digest) (i32.const {8 * i}))"
        f" (then (i64.store offset={8 * i} (local.get $out) (local.get $h{i}))))"
        for i in range(8)
    ]
    return "\n".join(
        [
            "(func $blake2b (param $at i32) (param $left i32) (param $digest i32) (param $out i32)",
            "(local $m i32) (local $t i64) (local $last i64)",
            locals_,
            work,
            *start,
            "(loop $next",
            f"(if (i32.gt_u (local.get $left) (i32.const {BLAKE_BLOCK}))",
            "(then (local.set $m (local.get $at))",
            f"(local.set $t (i64.add (local.get $t) (i64.const {BLAKE_BLOCK}))))",
            "(else (local.set $last (i64.const -1))",
            "(local.set $t (i64.add (local.get $t) (i64.extend_i32_u (local.get $left))))",
            *fill,
            "))",
            *load,
            *mix,
            *fold,
            "(if (i64.eqz (local.get $last)) (then",
            f"(local.set $at (i32.add (local.get $at) (i32.const {BLAKE_BLOCK})))",
            f"(local.set $left (i32.sub (local.get $left) (i32.const {BLAKE_BLOCK})))",
            "(br $next))))",
            *store,
            ")",
        ]
    )


def _mix(words: tuple[int, int, int, int], x: int, y: int) -> str:
    """Write the function G of RFC 7693, section 3.1."""
    a, b, c, d = words

    def add(word: int) -> str:
        return (
            f"(local.set $v{a} (i64.add (i64.add (local.get $v{a}) (local.get $v{b}))"
            f" (i64.load offset={8 * word} align=1 (local.get $m))))"
        )

    def turn(into: int, other: int, bits: int) -> str:
        return (
            f"(local.set $v{into} (i64.rotr (i64.xor (local.get $v{into}) (local.get $v{other}))"
            f" (i64.const {bits})))"
        )

    def sum_() -> str:
        return f"(local.set $v{c} (i64.add (local.get $v{c}) (local.get $v{d})))"

    return "\n".join(
        (
            *(add(x), turn(d, a, 32), sum_(), turn(b, c, 24)),
            *(add(y), turn(d, a, 16), sum_(), turn(b, c, 63)),
        )
    )


def xxh64() -> str:
    """Define ``$xxh64 (data, length, seed) -> i64``."""
    return f"""
(func $xxround (param $acc i64) (param $lane i64) (result i64)
  (i64.mul (i64.rotl (i64.add (local.get $acc)
    (i64.mul (local.get $lane) (i64.const {_PRIME2:#x}))) (i64.const 31)) (i64.const {_PRIME1:#x})))
(func $xxmerge (param $acc i64) (param $lane i64) (result i64)
  (i64.add (i64.mul (i64.xor (local.get $acc) (call $xxround (i64.const 0) (local.get $lane)))
    (i64.const {_PRIME1:#x})) (i64.const {_PRIME4:#x})))
(func $xxh64 (param $at i32) (param $len i32) (param $seed i64) (result i64)
  (local $end i32) (local $h i64) (local $a i64) (local $b i64) (local $c i64) (local $d i64)
  (local.set $end (i32.add (local.get $at) (local.get $len)))
  (if (i32.ge_u (local.get $len) (i32.const 32))
    (then
      (local.set $a (i64.add (local.get $seed) (i64.const {_PRIME1 + _PRIME2 & _MASK64:#x})))
      (local.set $b (i64.add (local.get $seed) (i64.const {_PRIME2:#x})))
      (local.set $c (local.get $seed))
      (local.set $d (i64.sub (local.get $seed) (i64.const {_PRIME1:#x})))
      (loop $stripe
        (local.set $a (call $xxround (local.get $a) (i64.load align=1 (local.get $at))))
        (local.set $b (call $xxround (local.get $b) (i64.load offset=8 align=1 (local.get $at))))
        (local.set $c (call $xxround (local.get $c) (i64.load offset=16 align=1 (local.get $at))))
        (local.set $d (call $xxround (local.get $d) (i64.load offset=24 align=1 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br_if $stripe
          (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 32))))
      (local.set $h (i64.add
        (i64.add (i64.rotl (local.get $a) (i64.const 1)) (i64.rotl (local.get $b) (i64.const 7)))
        (i64.add (i64.rotl (local.get $c) (i64.const 12))
          (i64.rotl (local.get $d) (i64.const 18)))))
      (local.set $h (call $xxmerge (local.get $h) (local.get $a)))
      (local.set $h (call $xxmerge (local.get $h) (local.get $b)))
      (local.set $h (call $xxmerge (local.get $h) (local.get $c)))
      (local.set $h (call $xxmerge (local.get $h) (local.get $d))))
    (else (local.set $h (i64.add (local.get $seed) (i64.const {_PRIME5:#x})))))
  (local.set $h (i64.add (local.get $h) (i64.extend_i32_u (local.get $len))))
  (block $words (loop $word
    (br_if $words (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
    (local.set $h (i64.add (i64.mul (i64.rotl (i64.xor (local.get $h)
      (call $xxround (i64.const 0) (i64.load align=1 (local.get $at)))) (i64.const 27))
      (i64.const {_PRIME1:#x})) (i64.const {_PRIME4:#x})))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br $word)))
  (if (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 4))
    (then
      (local.set $h (i64.add (i64.mul (i64.rotl (i64.xor (local.get $h)
        (i64.mul (i64.load32_u align=1 (local.get $at)) (i64.const {_PRIME1:#x})))
        (i64.const 23)) (i64.const {_PRIME2:#x})) (i64.const {_PRIME3:#x})))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))))
  (block $bytes (loop $byte
    (br_if $bytes (i32.ge_u (local.get $at) (local.get $end)))
    (local.set $h (i64.mul (i64.rotl (i64.xor (local.get $h)
      (i64.mul (i64.load8_u (local.get $at)) (i64.const {_PRIME5:#x})))
      (i64.const 11)) (i64.const {_PRIME1:#x})))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br $byte)))
  (local.set $h (i64.mul (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 33)))
    (i64.const {_PRIME2:#x})))
  (local.set $h (i64.mul (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 29)))
    (i64.const {_PRIME3:#x})))
  (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 32))))
"""
