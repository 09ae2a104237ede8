// Fixed-rate load for the benchmarks: POSTs the same tools/call at an even pace over keep-alive connections and prints
// p50 and p99 of the latency as JSON. A request that finds all connections busy waits, and that wait counts.
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "loopback.h"

enum {
    max_lines = 256,
    max_sessions = 1024,
    max_rate = 100000,
    max_milliseconds = 60000,
    max_waiting = 1 << 16,       // requests that found no free connection
    warm_up = nanoseconds / 10,  // samples of this first time are dropped
};

struct line {
    int fd;
    bool busy;
    int64_t started;
    size_t used;
    char bytes[max_answer];
};

static struct line lines[max_lines];
static int line_count, epoll;
static char *requests[max_sessions];
static int request_count, next_request;
static int64_t waiting[max_waiting];
static unsigned waiting_head, waiting_tail;
static int64_t begin, *latencies;
static size_t latency_count;

/// One request for each session id in the file, an id a line.
static void read_sessions(const char *path, int port) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    char id[max_session_id + 2];
    while (request_count < max_sessions && fgets(id, sizeof id, file)) {
        id[strcspn(id, "\n")] = 0;
        char body[256];
        int count = snprintf(body, sizeof body,
                             "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"answer\","
                             "\"arguments\":{\"text\":\"%0*d\"}}}", 100000 + request_count, 100, 0);
        if (asprintf(&requests[request_count++],
                     "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                     "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n"
                     "Mcp-Session-Id: %s\r\nContent-Length: %d\r\n\r\n%s", port, id, count, body) < 0)
            fail("asprintf");
    }
    fclose(file);
    if (request_count == 0) {
        fprintf(stderr, "no session id in %s\n", path);
        exit(1);
    }
}

static void start(struct line *line, int64_t started) {
    const char *text = requests[next_request];
    next_request = (next_request + 1) % request_count;
    line->busy = true;
    line->started = started;
    line->used = 0;
    send_text(line->fd, text, strlen(text));
}

/// A request is due now: send it on a free connection or let it wait for one.
static void schedule(int64_t now) {
    for (int index = 0; index < line_count; index++) {
        if (!lines[index].busy) {
            start(&lines[index], now);
            return;
        }
    }
    if (waiting_tail - waiting_head == max_waiting) {
        fprintf(stderr, "the server is too slow for this rate: %d requests wait\n", max_waiting);
        exit(1);
    }
    waiting[waiting_tail++ % max_waiting] = now;
}

/// Reads what has come. True: that was the end of an answer.
static bool receive(struct line *line) {
    ssize_t count = recv(line->fd, line->bytes + line->used, sizeof line->bytes - 1 - line->used, MSG_DONTWAIT);
    if (count <= 0) {
        fprintf(stderr, "the server closed a connection after %zu answers\n", latency_count);
        exit(1);
    }
    line->used += (size_t)count;
    line->bytes[line->used] = 0;
    size_t size = answer_size(line->bytes, line->used);
    if (size == 0 && line->used < sizeof line->bytes - 1) return false;
    if (size != line->used || !is_success(line->bytes)) {
        fprintf(stderr, "unexpected answer:\n%s\n", line->bytes);
        exit(1);
    }
    int64_t now = now_ns();
    if (line->started - begin >= warm_up) latencies[latency_count++] = now - line->started;
    line->busy = false;
    if (waiting_head != waiting_tail) start(line, waiting[waiting_head++ % max_waiting]);
    return true;
}

static int compare(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void run(int rate, int milliseconds) {
    struct epoll_event events[max_lines];
    int64_t total = (int64_t)rate * milliseconds / 1000, sent = 0, answered = 0;
    begin = now_ns();
    int64_t give_up = begin + (milliseconds / 1000 + 1 + answer_timeout) * (int64_t)nanoseconds;
    while (answered < total) {
        int64_t now = now_ns();
        while (sent < total && begin + sent * nanoseconds / rate <= now) {
            schedule(now);
            sent++;
        }
        if (now > give_up) {
            fprintf(stderr, "%lld of %lld requests have no answer after %d s\n", (long long)(total - answered),
                    (long long)total, answer_timeout);
            exit(1);
        }
        int64_t pause = (sent < total ? begin + sent * nanoseconds / rate : give_up) - now_ns();
        if (pause < 0) pause = 0;
        struct timespec timeout = {pause / nanoseconds, pause % nanoseconds};
        int count = epoll_pwait2(epoll, events, max_lines, &timeout, NULL);
        for (int index = 0; index < count; index++) {
            answered += receive(events[index].data.ptr);
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: pace PORT RATE MILLISECONDS CONNECTIONS SESSION_FILE\n");
        return 64;
    }
    int port = atoi(argv[1]), rate = atoi(argv[2]), milliseconds = atoi(argv[3]);
    line_count = atoi(argv[4]);
    if (rate < 1 || rate > max_rate || milliseconds < 1 || milliseconds > max_milliseconds || line_count < 1 ||
        line_count > max_lines) {
        fprintf(stderr, "at most %d requests/s, %d ms, %d connections\n", max_rate, max_milliseconds, max_lines);
        return 64;
    }
    prctl(PR_SET_TIMERSLACK, 1000UL);  // else the kernel may wake this program 50 us late
    read_sessions(argv[5], port);
    latencies = calloc((size_t)rate * (size_t)milliseconds / 1000 + 1, sizeof *latencies);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!latencies || epoll < 0) fail("cannot start");
    for (int index = 0; index < line_count; index++) {
        lines[index].fd = connect_to(port, 1);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &lines[index]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, lines[index].fd, &event) < 0) fail("epoll_ctl");
    }
    run(rate, milliseconds);
    if (latency_count == 0) return 1;
    qsort(latencies, latency_count, sizeof *latencies, compare);
    printf("{\"count\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", latency_count,
           (double)latencies[latency_count / 2] / 1e3, (double)latencies[latency_count * 99 / 100] / 1e3);
    return 0;
}
