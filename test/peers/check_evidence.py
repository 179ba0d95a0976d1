"""Checks evidence as docs/spec/evidence.md says, with PyJWT and hashlib only: nothing of this project is used.

Reads JSON from stdin: {"serviceKey": base64url, "patient": id, "statements": [{"kind", "jws", "signer"}], "service": [{"kind", "jws"}],
"trail": [{"event", "hash"}]}. Prints one line per fault, then "checked N". The exit code is 1 if there is a fault, and 0 otherwise.
"""
import base64
import hashlib
import json
import sys

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def padded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def bech32m(text: str) -> bytes:
    """The 32 bytes in an identity id (BIP-350)."""
    prefix, _, rest = text.rpartition("1")
    values = [CHARSET.index(c) for c in rest]
    check = 1
    generator = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
    for value in [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i in range(5):
            check ^= generator[i] if (top >> i) & 1 else 0
    if prefix != "ehr" or check != 0x2BC830A3:
        raise ValueError("not an identity id")
    bits = "".join(f"{v:05b}" for v in values[:-6])
    return bytes(int(bits[i : i + 8], 2) for i in range(0, 256, 8))


def hash_of(jws: str) -> str:
    """The hash by which events and other statements name a statement: SHA-256 of header.payload."""
    return unpadded(hashlib.sha256(jws.rpartition(".")[0].encode()).digest())


def check_statement(kind: str, jws: str, signer: str) -> dict:
    header = jwt.get_unverified_header(jws)
    if header != {"alg": "EdDSA", "kid": signer, "typ": f"pcehr-{kind}+jws"}:
        raise ValueError("another header")
    key = Ed25519PublicKey.from_public_bytes(bech32m(signer))
    return json.loads(jwt.PyJWS().decode(jws, key, algorithms=["EdDSA"]))


def service_key(text: str):
    """The service key, and its thumbprint (RFC 7638), which is the `kid` in the headers that it signs."""
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), padded(text))
    numbers = key.public_numbers()
    x, y = (unpadded(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    jwk = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return key, unpadded(hashlib.sha256(jwk.encode()).digest())


def check_service(kind: str, jws: str, key, kid: str) -> dict:
    if jwt.get_unverified_header(jws) != {"alg": "ES256", "kid": kid, "typ": f"pcehr-{kind}+jws"}:
        raise ValueError("another header")
    return json.loads(jwt.PyJWS().decode(jws, key, algorithms=["ES256"]))


def check_trail(patient: str, trail: list) -> list:
    previous = unpadded(bytes(32))
    events = []
    for seq, entry in enumerate(trail, 1):
        event = json.loads(entry["event"])
        digest = unpadded(hashlib.sha256(b"pcehr/v1/audit\0" + entry["event"].encode()).digest())
        if digest != entry["hash"] or event["previous"] != previous:
            raise ValueError(f"entry {seq} does not follow")
        if (event["seq"], event["patient"]) != (seq, patient):
            raise ValueError(f"entry {seq} is not the patient's")
        previous = digest
        events.append({**event, "hash": digest})
    return events


def main() -> int:
    given = json.load(sys.stdin)
    faults, checked = [], 0

    def attempt(name, run):
        nonlocal checked
        try:
            checked += 1
            return run()
        except Exception as error:  # every library has errors of its own
            faults.append(f"{name}: {error or type(error).__name__}")

    events = attempt("trail", lambda: check_trail(given["patient"], given["trail"])) or []
    caused = {e["statement"] for e in events}
    for s in given["statements"]:
        attempt(s["kind"], lambda s=s: check_statement(s["kind"], s["jws"], s["signer"]))
        if hash_of(s["jws"]) not in caused:
            faults.append(f"{s['kind']}: no event of the trail names it")
    key, kid = service_key(given["serviceKey"])
    for s in given["service"]:
        said = attempt(s["kind"], lambda s=s: check_service(s["kind"], s["jws"], key, kid)) or {}
        if s["kind"] == "receipt" and said.get("event") not in {e["hash"] for e in events}:
            faults.append("receipt: its event is not in the trail")
        if s["kind"] == "checkpoint" and (said.get("seq"), said.get("hash")) not in {(e["seq"], e["hash"]) for e in events}:
            faults.append("checkpoint: another past")
    print(*faults, f"checked {checked}", sep="\n")
    return 1 if faults else 0


sys.exit(main())
