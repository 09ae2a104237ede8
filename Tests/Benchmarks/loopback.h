// Blocking HTTP/1.1 over loopback for the benchmark clients: connect, send, read one answer. Each program is one source
// file, so these are static functions. Any failure ends the program with a text on stderr.
#ifndef BENCHMARKS_LOOPBACK_H
#define BENCHMARKS_LOOPBACK_H

#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <unistd.h>

#include "start.h"

enum {
    max_answer = 8192,     // head and body of one answer
    max_session_id = 256,  // MCP session ids of a gateway
    answer_timeout = 10,   // seconds
};

/// A connection to 127.0.0.1:port from the loopback address 127.0.0.source, because one address has 28,000 ports only.
static inline int connect_to(int port, int source) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) fail("socket (is the limit of open files too low?)");
    struct timeval limit = {.tv_sec = answer_timeout};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000u + (unsigned)source)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
    return fd;
}

static inline void send_text(int fd, const char *text, size_t count) {
    if (send(fd, text, count, MSG_NOSIGNAL) != (ssize_t)count) fail("send");
}

/// The size of the answer that starts at `bytes` (NUL-terminated), or 0 while it is not complete.
static inline size_t answer_size(const char *bytes, size_t count) {
    const char *end = strstr(bytes, "\r\n\r\n");
    if (!end) return 0;
    size_t head = (size_t)(end + 4 - bytes);
    const char *length = strcasestr(bytes, "\r\ncontent-length:");
    if (length && length < end) {
        size_t total = head + strtoul(length + 17, NULL, 10);
        return count >= total ? total : 0;
    }
    static const char last_chunk[] = "\r\n0\r\n\r\n";
    const char *last = strstr(end, last_chunk);
    return last ? (size_t)(last - bytes) + sizeof last_chunk - 1 : 0;
}

static inline bool is_success(const char *answer) { return !strncmp(answer, "HTTP/1.1 2", 10); }

#endif
