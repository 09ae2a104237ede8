// Holds many idle MCP event streams open through a proxy, so that bench.py can read how much memory each costs there.
// Makes a session per stream, says `sessions N`, waits for a line, opens the streams, says `streams N` once each has
// its head, waits for a line, says how many are still `open N`, and ends at the end of its input.
#define _GNU_SOURCE
#include <errno.h>
#include <sys/resource.h>

#include "loopback.h"

enum {
    max_streams = 100000,
    sources = 8,          // loopback addresses that the streams come from
    posts_per_line = 500, // requests on one connection before a new one, as a proxy may cap them
};

static char (*sessions)[max_session_id + 1];
static int *streams;

/// Reads one answer, which must be a success, to its end.
static void read_answer(int fd, char *answer) {
    size_t used = 0;
    while (used < max_answer - 1) {
        ssize_t count = recv(fd, answer + used, max_answer - 1 - used, 0);
        if (count <= 0) fail("no answer to a POST");
        used += (size_t)count;
        answer[used] = 0;
        if (answer_size(answer, used) == 0) continue;
        if (is_success(answer)) return;
        break;
    }
    fprintf(stderr, "unexpected answer:\n%s\n", answer);
    exit(1);
}

static void post(int fd, int port, const char *session, const char *body, char *answer) {
    char request[2048];
    int count = snprintf(request, sizeof request,
                         "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                         "Accept: application/json, text/event-stream\r\n%s%s%sContent-Length: %zu\r\n\r\n%s", port,
                         *session ? "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: " : "", session,
                         *session ? "\r\n" : "", strlen(body), body);
    send_text(fd, request, (size_t)count);
    read_answer(fd, answer);
}

static void make_sessions(int port, int total) {
    static char answer[max_answer];
    int fd = -1;
    for (int index = 0; index < total; index++) {
        if (index % posts_per_line == 0) {
            if (fd >= 0) close(fd);
            fd = connect_to(port, 1);
        }
        post(fd, port, "",
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\","
             "\"capabilities\":{},\"clientInfo\":{\"name\":\"bench\",\"version\":\"1\"}}}", answer);
        const char *id = strcasestr(answer, "\r\nmcp-session-id:");
        size_t count = 0;
        if (id) {
            id += 17;
            id += strspn(id, " ");
            count = strcspn(id, "\r");
        }
        if (count == 0 || count > max_session_id) {
            fprintf(stderr, "no usable Mcp-Session-Id in the answer:\n%s\n", answer);
            exit(1);
        }
        memcpy(sessions[index], id, count);
        post(fd, port, sessions[index], "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", answer);
    }
    if (fd >= 0) close(fd);
}

/// Opens one stream and waits for the head of its answer.
static int open_stream(int port, int index) {
    char request[1024], answer[max_answer];
    int fd = connect_to(port, 2 + index % sources);
    int count = snprintf(request, sizeof request,
                         "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n"
                         "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: %s\r\n\r\n", port, sessions[index]);
    send_text(fd, request, (size_t)count);
    size_t used = 0;
    do {
        ssize_t received = recv(fd, answer + used, sizeof answer - 1 - used, 0);
        if (received <= 0) {
            fprintf(stderr, "stream %d has no head after %d s: %s\n", index, answer_timeout,
                    received == 0 ? "closed" : strerror(errno));
            exit(1);
        }
        used += (size_t)received;
        answer[used] = 0;
    } while (!strstr(answer, "\r\n\r\n") && used < sizeof answer - 1);
    if (!is_success(answer) || !strcasestr(answer, "text/event-stream")) {
        fprintf(stderr, "stream %d got no event stream:\n%s\n", index, answer);
        exit(1);
    }
    return fd;
}

static int count_open(int total) {
    char rest[max_answer];
    int open = 0;
    for (int index = 0; index < total; index++) {
        ssize_t count = recv(streams[index], rest, sizeof rest, MSG_DONTWAIT);
        open += count > 0 || (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
    }
    return open;
}

/// Says a line and waits for one. False: the input has ended.
static bool say(const char *what, int count) {
    printf("%s %d\n", what, count);
    fflush(stdout);
    int letter;
    while ((letter = getchar()) != '\n' && letter != EOF) {}
    return letter != EOF;
}

int main(int argc, char **argv) {
    int port = argc == 3 ? atoi(argv[1]) : 0, total = argc == 3 ? atoi(argv[2]) : 0;
    if (port < 1 || total < 1 || total > max_streams) {
        fprintf(stderr, "usage: streams PORT COUNT   (at most %d)\n", max_streams);
        return 64;
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0) fail("getrlimit");
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    sessions = calloc((size_t)total, sizeof *sessions);
    streams = calloc((size_t)total, sizeof *streams);
    if (!sessions || !streams) fail("calloc");
    make_sessions(port, total);
    if (!say("sessions", total)) return 0;
    for (int index = 0; index < total; index++) streams[index] = open_stream(port, index);
    if (!say("streams", total)) return 0;
    say("open", count_open(total));
    return 0;
}
