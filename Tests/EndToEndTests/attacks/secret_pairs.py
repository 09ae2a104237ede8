"""An old and a new secret that check-config accepts let a node start, whatever their keys' ids are.

The id that a sealed token carries is one byte that is derived from the secret, so that one of 256 pairs has the same.
Such pairs are found here by the same derivation (HKDF with SHA-256, RFC 5869). For each check-config must end with 0
and serve must start; a session that began under the old secret must live on under the pair, and one that begins under
the pair must live on under the new secret alone. Altered ids are 404.
"""
import hashlib, hmac
from lab import *


def hkdf(key, label, count):
    extracted = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(extracted, label + b"\x01", hashlib.sha256).digest()[:count]


def key_id(text):
    """As `SealingKey` derives it."""
    return hkdf(hkdf(text.encode(), b"patchbay sealing key 1", 32), b"patchbay sealing key id 1", 1)


def colliding(count):
    """Pairs of secrets with equal ids."""
    found, seen = [], {}
    while len(found) < count:
        text = secret()
        other = seen.pop(key_id(text), None)
        if other:
            found.append((other, text))
        else:
            seen[key_id(text)] = text
    return found


def start(instance, secrets):
    lines = ", ".join(f'"${{env:SECRET{n}}}"' for n in range(len(secrets)))
    text = config([instance.url], f"secret: [{lines}]")
    env = {f"SECRET{n}": each for n, each in enumerate(secrets)}
    return check_config(text, env)[0], Gateway(text, env)


def main():
    problems = []
    instance = Instance()
    for old, new in colliding(4):
        sessions = []
        for secrets in ([old], [new, old], [new]):
            try:
                status, gateway = start(instance, secrets)
            except SystemExit as e:
                problems.append(f"{len(secrets)} secrets: {str(e).strip()[-200:]}")
                break
            if status != 0:
                problems.append(f"check-config ends with {status}")
            if sessions and (found := ask(gateway.port, call("x"), sessions[-1])[0]) != 200:
                problems.append(f"with {len(secrets)} secrets the session of the start before gets {found}")
            if len(secrets) == 1 and len(sessions) == 2:
                if (found := ask(gateway.port, call("x"), sessions[0])[0]) != 404:
                    problems.append(f"a session of the secret that is no more gets {found}")
            sessions.append(initialize(gateway.port))
            broken = sessions[-1][:-1] + ("A" if sessions[-1][-1] != "A" else "B")
            if (found := ask(gateway.port, call("x"), broken)[0]) != 404:
                problems.append(f"an altered session id gets {found}")
            gateway.stop()
    verdict(problems)


main()
