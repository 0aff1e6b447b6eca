#!/usr/bin/env python3
"""Checks a proof of Jejak's notary with nothing but Python's standard library, written from docs/notary.md alone.

    check_proof.py PROOF VERIFIER_KEY [RECORD]

PROOF is a .tlog-proof, VERIFIER_KEY a line of notary.pub or @FILE with it, RECORD a line of a bundle (jejak audit prove --record). It ends with 0 when all holds.
"""
import base64, calendar, hashlib, json, re, struct, sys, time, uuid

# Ed25519 (RFC 8032): enough of it to verify.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or (x == 0 and sign):
        raise ValueError("no point")
    return P - x if x % 2 != sign else x


def point(b):
    n = int.from_bytes(b, "little")
    y, sign = n & (2**255 - 1), n >> 255
    x = recover_x(y, sign)
    return (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, p):
    r = (0, 1, 1, 0)
    while n:
        if n & 1:
            r = add(r, p)
        p, n = add(p, p), n >> 1
    return r


BASE = (recover_x(4 * pow(5, P - 2, P) % P, 0), 4 * pow(5, P - 2, P) % P)
BASE = (BASE[0], BASE[1], 1, BASE[0] * BASE[1] % P)


def ed25519(key, text, sig):
    s = int.from_bytes(sig[32:], "little")
    h = int.from_bytes(hashlib.sha512(sig[:32] + key + text).digest(), "little") % Q
    left, right = times(s, BASE), add(point(sig[:32]), times(h, point(key)))
    return s < Q and not (left[0] * right[2] - right[0] * left[2]) % P and not (left[1] * right[2] - right[1] * left[2]) % P


def sha256(b):
    return hashlib.sha256(b).digest()


def fail(why):
    sys.exit("the proof does not hold: " + why)


def verify_note(note, vkey):
    """A signed note (C2SP signed-note): returns its text if the key has signed it."""
    name, key_hash, key = vkey.strip().split("+", 2)
    key = base64.b64decode(key)
    if key[0] != 1 or sha256(name.encode() + b"\n" + key)[:4].hex() != key_hash:
        fail("the verifier key is malformed")
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        dash, who, sig = line.split(" ")
        sig = base64.b64decode(sig)
        if dash == "—" and who == name and sig[:4].hex() == key_hash and ed25519(key[1:], text.encode(), sig[4:]):
            return name, text
    fail("the key has not signed the checkpoint")


def root(index, size, leaf_hash, path):
    """The root that an inclusion proof gives (RFC 9162, 2.1.3.2)."""
    fn, sn, r = index, size - 1, leaf_hash
    for p in path:
        if sn == 0:
            fail("the proof is too long")
        if fn & 1 or fn == sn:
            r = sha256(b"\1" + p + r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\1" + r + p)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        fail("the proof is too short")
    return r


def leaf_of(record):
    """The leaf of a record: docs/notary.md, "What a leaf is"."""
    rec = json.loads(record)
    raw, at = {}, record.index('"recorded_at"')
    for part in ("data", "metadata"):
        if part + "_base64" in rec:
            raw[part] = base64.b64decode(rec[part + "_base64"])
            continue
        at = record.index('"%s":' % part, at) + len(part) + 3
        value, end = json.JSONDecoder().raw_decode(record, at)
        raw[part] = b"" if value is None else record[at:end].encode()  # byte for byte as it stands there
        at = end
    seconds, fraction = re.match(r"(.*)\.(\d{6})Z$", rec["recorded_at"]).groups()
    micros = calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1000000 + int(fraction)
    name = lambda s: struct.pack(">H", len(s)) + s.encode()
    return (b"jejak-leaf/v1\n" + name(rec["stream"]) + struct.pack(">Q", rec["version"]) + uuid.UUID(rec["id"]).bytes + name(rec["type"])
            + struct.pack(">I", rec["schema"]) + struct.pack(">q", micros) + sha256(raw["data"]) + sha256(raw["metadata"]))


proof = open(sys.argv[1], encoding="utf-8").read()
head, checkpoint = proof.split("\n\n", 1)
lines = head.split("\n")
if lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("extra ") or not lines[2].startswith("index "):
    fail("it is no proof of this kind")
leaf, index = base64.b64decode(lines[1][6:]), int(lines[2][6:])
key = open(sys.argv[2][1:]).readline() if sys.argv[2].startswith("@") else sys.argv[2]
origin, text = verify_note(checkpoint, key)
said_origin, size, said_root = text.split("\n")[:3]
if said_origin != origin:
    fail("the checkpoint is of " + said_origin)
if not 0 <= index < int(size) or root(index, int(size), sha256(b"\0" + leaf), [base64.b64decode(h) for h in lines[3:]]) != base64.b64decode(said_root):
    fail("the leaf is not in the tree")
if len(sys.argv) > 3 and leaf_of(open(sys.argv[3], encoding="utf-8").read().strip("\n")) != leaf:
    fail("the record is another one")
print("leaf %d of %s records of %s holds" % (index, size, origin))
