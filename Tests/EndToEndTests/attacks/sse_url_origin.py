"""An sse_url that leads elsewhere than its url is refused, instead of being read as a path alone.

check-config must end with 78 and name sse_url where scheme, host or port differ, and with 0 where they are the same
however they are written. The same for `attach`.
"""
from lab import *

URL = "http://localhost:9001/mcp"
ELSEWHERE = ["http://localhost:9002/sse", "http://127.0.0.1:9001/sse", "https://localhost:9001/sse",
             "http://localhost/sse", "http://evil.example:9001/sse", "http://localhost.evil.example:9001/sse"]
SAME = [(URL, "http://localhost:9001/sse"), (URL, "http://LOCALHOST:9001/sse?key=1"),
        ("http://localhost/mcp", "http://localhost:80/sse"), ("https://localhost:443/mcp", "https://localhost/sse")]


def attach(url, sse_url):
    """Exit status and words of an attachment that is told so; None if it starts and would run."""
    child = subprocess.Popen(
        [BINARY, "attach", "--upstream-name", "main", "--url", url, "--sse-url", sse_url, "--transport", "http",
         "--peers", f"http://127.0.0.1:{free_port()}"], env={**os.environ, "PATCHBAY_SECRET": secret()},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        return child.wait(3), child.stdout.read().decode()
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        child.kill()
        child.wait()


def main():
    problems = []
    for sse_url in ELSEWHERE:
        status, text = check_config(config([{"url": URL, "sse_url": sse_url}]))
        if status != 78 or "sse_url" not in text:
            problems.append(f"{URL} with {sse_url}: check-config ends with {status} and says {text.strip()[-200:]}")
    status, text = attach(URL, ELSEWHERE[0])
    if status != 78:
        problems.append(f"attach with {ELSEWHERE[0]} ends with {status} {text[-200:]}")
    for url, sse_url in SAME:
        status, text = check_config(config([{"url": url, "sse_url": sse_url}]))
        if status != 0:
            problems.append(f"{url} with {sse_url}: check-config ends with {status} and says {text.strip()[-200:]}")
    verdict(problems)


main()
