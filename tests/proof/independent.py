"""A verifier of bundles, written from docs/verify.md alone: the standard library and Ed25519."""

import base64
import json
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = {"basis", "commit", "grade", "notice_hash", "prev", "purpose", "recorded_at", "seq",
          "subject_ref", "type", "v", "wording_hash"}  # fmt: skip
BUNDLE = {"schema", "rules", "origin", "key", "rotations", "checkpoint", "earlier", "subjects", "entries",
          "texts", "missing_texts", "about", "seal"}  # fmt: skip


class Bad(Exception):
    """A rule failed."""


def need(condition, rule):
    if not condition:
        raise Bad(rule)


def canon(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse_key(text):
    name, key_id, data = text.strip().split("+", 2)
    raw = base64.b64decode(data, validate=True)
    need(raw[0] == 1 and len(raw) == 33, "key form")
    need(sha256(f"{name}\n".encode() + raw).digest()[:4].hex() == key_id, "key id")
    return name, key_id, raw[1:]


def open_note(note, keys):
    text, _, tail = note.rpartition("\n\n")
    text, good = text + "\n", 0
    for line in tail.removesuffix("\n").split("\n"):
        dash, name, data = line.split(" ")
        raw = base64.b64decode(data, validate=True)
        need(dash == "—" and len(raw) == 68, "signature form")
        for known, key_id, public in keys:
            if (known, key_id) == (name, raw[:4].hex()):
                try:
                    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
                except InvalidSignature:
                    raise Bad("signature") from None
                good += 1
    need(good, "no known key")
    return text


def trusted(start, rotations):
    keys, pairs = [start], []
    for note in rotations:
        lines = note.split("\n")
        need(lines[0] == "consent-log/rotate/v1", "rotation form")
        old, new = parse_key(lines[2]), parse_key(lines[3])
        open_note(note, [old])
        open_note(note, [new])
        if lines[1] == start[0] == old[0] == new[0]:
            pairs.append((old, new))
    for _ in pairs:
        for pair in pairs:
            if pair[0] in keys or pair[1] in keys:
                keys += [key for key in pair if key not in keys]
    return keys


def node(left, right):
    return sha256(b"\x01" + left + right).digest()


def included(index, size, leaf, proof, root):
    fn, sn, r = index, size - 1, sha256(b"\x00" + leaf).digest()
    if not 0 <= index < size:
        return False
    for p in proof:
        if sn == 0:
            return False
        if fn % 2 or fn == sn:
            r = node(p, r)
            while fn % 2 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistent(first, second, first_root, second_root, proof):
    if first in {0, second}:
        return not proof and first_root == (sha256().digest() if first == 0 else second_root)
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    fn, sn = first - 1, second - 1
    if not path or first > second:
        return False
    while fn % 2:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn % 2 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while fn % 2 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (fr, sr) == (first_root, second_root)


def checkpoint(note, keys, origin):
    name, size, root = open_note(note, keys).split("\n")[:3]
    need(name == origin == keys[0][0], "origin")
    return int(size), base64.b64decode(root, validate=True)


def is_why(later, header):
    """Rule 5: what may say that a payload is rightly gone."""
    if later["type"] == "proof.destroyed":
        proves = header["type"] in {"request", "grant", "confirm", "soft_optin"}
        return proves and later["purpose"] == header["purpose"]
    return later["type"] == "erased" or (later["type"] == "expire" and header["type"] == "request")


def verify(data, key=None):
    """Raises Bad (or ValueError and the like for what is no bundle) unless every rule of the page holds."""
    bundle = json.loads(data)
    need(set(bundle) == BUNDLE and bundle["schema"] == "consent-mirror/bundle/1", "1 form")
    keys = trusted(parse_key(key or bundle["key"]), bundle["rotations"])
    size, root = checkpoint(bundle["checkpoint"], keys, bundle["origin"])
    before, headers = None, [entry["header"] for entry in bundle["entries"]]
    for entry in bundle["entries"]:
        header = entry["header"]
        need(set(entry) == {"header", "payload", "salt", "inclusion"} and set(header) == HEADER, "1 form")
        need(header["v"] == 1, "1 form")
        hashed = sha256(b"consent-log/entry/v1\x00" + canon(header)).digest()
        proof = [bytes.fromhex(each) for each in entry["inclusion"]]
        need(included(header["seq"] - 1, size, hashed, proof, root), f"4 entry {header['seq']}")
        if before is not None:
            need(header["seq"] > before[0] and header["recorded_at"] >= before[2], f"4 order {header['seq']}")
        need(header["seq"] != 1 or header["prev"] == "0" * 64, "4 prev 1")
        if before is not None and header["seq"] == before[0] + 1:
            need(header["prev"] == before[1], f"4 prev {header['seq']}")
        nobody = header["subject_ref"] is None and header["type"] == "key.rotated"
        need(nobody or header["subject_ref"] in bundle["subjects"], f"4 subject {header['seq']}")
        before = header["seq"], hashed.hex(), header["recorded_at"]
        if entry["payload"] is None or entry["salt"] is None:
            later = [h for h in headers if h["seq"] >= header["seq"]]
            theirs = [h for h in later if h["subject_ref"] == header["subject_ref"]]
            need(any(is_why(h, header) for h in theirs), f"5 missing {header['seq']}")
        else:
            opened = bytes.fromhex(entry["salt"]) + entry["payload"].encode()
            need(
                sha256(b"consent-log/commit/v1\x00" + opened).hexdigest() == header["commit"],
                f"5 payload {header['seq']}",
            )
    held = {each["sha256"] for each in bundle["texts"]}
    for each in bundle["texts"]:
        need(sha256(base64.b64decode(each["data"], validate=True)).hexdigest() == each["sha256"], "6 text")
    named = {header[name] for header in headers for name in ("wording_hash", "notice_hash")} - {None}
    need(named <= held | set(bundle["missing_texts"]), "6 text is missing")
    for each in bundle["earlier"]:
        old, old_root = checkpoint(each["note"], keys, bundle["origin"])
        proof = [bytes.fromhex(step) for step in each["consistency"]]
        need(consistent(old, size, old_root, root, proof), "7 consistency")
    rest = {name: value for name, value in bundle.items() if name != "seal"}
    text = f"consent-log/bundle/v1\n{sha256(canon(rest)).hexdigest()}\n"
    need(open_note(bundle["seal"], keys) == text, "8 seal")
    return len(headers)
