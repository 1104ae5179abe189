#!/usr/bin/env python3
# test/golden/signature.py: signs a record as docs/TOPIC.md says, with Python's json and OpenSSL and nothing of ours; prints what
# test/membership/signature.test.ts pins. The key is that of RFC 8032, section 7.1, TEST 1.
import base64, json, subprocess, tempfile

SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PKCS8 = bytes.fromhex("302e020100300506032b657004220420") + SECRET  # RFC 8410, section 7

def sign(topic, key, value):
    signed = {"domain": "maglev-dsr record 1", "key": key, "topic": topic, "value": value}
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with tempfile.NamedTemporaryFile() as secret, tempfile.NamedTemporaryFile() as message:
        secret.write(PKCS8), secret.flush(), message.write(text), message.flush()
        command = ["openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", secret.name, "-in", message.name]
        return text, base64.b64encode(subprocess.run(command, check=True, capture_output=True).stdout).decode()

RECORDS = [
    ("tcp/192.0.2.80:80/10.0.1.9", {"v": 1, "vip": "tcp/192.0.2.80:80", "address": "10.0.1.9", "weight": 3,
     "note": "größer als € \n", "signature": {"key": "ops-1", "seq": 1764072000000}}),
    ("tcp/192.0.2.80:80", {"v": 1, "removed": True, "signature": {"seq": 1764072000001, "key": "ops-1"}}),
]
print(base64.b64encode(PKCS8).decode())
for key, value in RECORDS:
    text, signature = sign("balancer-members", key, value)
    print(text.decode(), signature, sep="\n")
