"""A secret that can be guessed is refused, with the line that makes a good one.

Whoever reads the hello of a peer can try secrets offline. check-config must end with 78 for texts of few distinct
characters and for short texts said over and over, and must name `openssl rand`; what openssl makes, in hexadecimal and
in base64, is accepted; and the refusal never shows the secret.
"""
import base64
from lab import *

WEAK = ["a" * 64, "ab" * 20, "0123" * 10, "x" * 31 + "y", "00000000-0000-0000-0000-000000000001", "short",
        "password" * 4, "changeme" * 5, "0123456789" * 4]
TEXT = 'secret: "${env:SECRET}"'


def main():
    problems = []
    for weak in WEAK:
        status, text = check_config(config(["http://127.0.0.1:1/mcp"], TEXT), {"SECRET": weak})
        if status != 78 or "openssl rand" not in text:
            problems.append(f"{weak}: check-config ends with {status} and says {text.strip()[-200:]}")
        if weak in text:
            problems.append(f"the refusal shows the secret: {text.strip()[-200:]}")
    for _ in range(20):
        for good in (os.urandom(16).hex(), os.urandom(32).hex(), base64.b64encode(os.urandom(24)).decode(),
                     base64.b64encode(os.urandom(32)).decode()):
            status, text = check_config(config(["http://127.0.0.1:1/mcp"], TEXT), {"SECRET": good})
            if status != 0:
                problems.append(f"{good}: check-config ends with {status} and says {text.strip()[-200:]}")
    verdict(problems)


main()
