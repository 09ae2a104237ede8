"""Numbers of more bytes than 64 in a message of a client pass where limits.json_number allows them, and not else.

By default a number of 65 bytes is 400, and one of 64 passes. With limits.json_number: 200 one of 200 bytes passes, in
calls with and without a session, and arrives byte for byte; one of 201 is 400. Instances may say what they like.
"""
from lab import *


def serve(self, head, body, s):
    if b'"tools/call"' in body:
        number = re.search(rb'"text": ?([0-9.]+)', body).group(1)
        return reply(s, 200, b'{"jsonrpc":"2.0","id":2,"result":{"content":[],"resultType":"complete","n":%s}}'
                     % (number + b"0" * 100))
    return ordinary(self, head, body, s)


def main():
    problems = []
    instance = Instance(serve)
    for line, most in (("", 64), ("limits: {json_number: 200}", 200)):
        gateway = Gateway(config([instance.url], line, upstream_extra="    era: both"))
        try:
            session = initialize(gateway.port)
            for count in (most, most + 1):
                number = "1." + "7" * (count - 2)
                for message, arguments in ((call("@"), (session,)), (modern_call("@"), (None, MODERN))):
                    text = json.dumps(message).replace('"@"', number)
                    status, _, body = ask(gateway.port, text, *arguments)
                    if (status == 200) != (count <= most):
                        problems.append(f"{line}: a number of {count} bytes gets {status} {body[:120]!r}")
                    if status == 200 and (number + "0" * 100).encode() not in body:
                        problems.append(f"{line}: the number did not arrive as it was: {body[:200]!r}")
        finally:
            gateway.stop()
    verdict(problems)


main()
