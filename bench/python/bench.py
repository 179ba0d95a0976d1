# pyUmbral for the comparison: the ten operations of bench/implementations.ts, on objects of its own, because it has other hashes and formats and cannot read
# the objects of the other implementations. Input and output are lines as in bench/rust/src/main.rs.
import sys
import time

from umbral import (
    Capsule,
    CapsuleFrag,
    KeyFrag,
    SecretKey,
    Signer,
    decrypt_original,
    decrypt_reencrypted,
    encrypt,
    generate_kfrags,
    reencrypt,
)

PLAINTEXT = bytes([7]) * 64
a, b, w = (SecretKey.random() for _ in range(3))
A, B, W = (key.public_key() for key in (a, b, w))
signer = Signer(w)
capsule, ciphertext = encrypt(A, PLAINTEXT)


def split(threshold, shares):
    return generate_kfrags(a, B, signer, threshold, shares)


def cfrags(threshold, shares):
    return [reencrypt(capsule, kfrag) for kfrag in split(threshold, shares)[:threshold]]


kfrag = split(1, 1)[0]
one, three = cfrags(1, 1), cfrags(3, 5)
capsule_bytes, kfrag_bytes, cfrag_bytes = bytes(capsule), bytes(kfrag), bytes(one[0])

OPERATIONS = [
    lambda: encrypt(A, PLAINTEXT),
    lambda: Capsule.from_bytes(capsule_bytes),
    lambda: decrypt_original(a, capsule, ciphertext),
    lambda: split(1, 1),
    lambda: split(3, 5),
    lambda: KeyFrag.from_bytes(kfrag_bytes).verify(W, A, B),
    lambda: reencrypt(capsule, kfrag),
    lambda: CapsuleFrag.from_bytes(cfrag_bytes).verify(capsule, W, A, B),
    lambda: decrypt_reencrypted(b, A, capsule, one, ciphertext),
    lambda: decrypt_reencrypted(b, A, capsule, three, ciphertext),
]

for line in sys.stdin:
    operation, calls = map(int, line.split())
    run = OPERATIONS[operation]
    start = time.perf_counter()
    for _ in range(calls):
        run()
    print((time.perf_counter() - start) * 1e6 / calls, flush=True)
