// Many MCP sessions over loopback and the GET stream of each, for the benchmark clients streams.c and audience.c. Any
// failure ends the program with a text on stderr.
#ifndef BENCHMARKS_SESSIONS_H
#define BENCHMARKS_SESSIONS_H

#include <errno.h>

#include "loopback.h"

enum {
    max_streams = 100000,
    sources = 8,          // loopback addresses that the streams come from
    posts_per_line = 500, // requests on one connection before a new one, as a proxy may cap them
};

static char (*sessions)[max_session_id + 1];
static const char *path = "/mcp";

/// Room for so many sessions, and as many open files as may be.
static void prepare_sessions(int total) {
    raise_file_limit();
    sessions = calloc((size_t)total, sizeof *sessions);
    if (!sessions) fail("calloc");
}

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
                         "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                         "Accept: application/json, text/event-stream\r\n%s%s%sContent-Length: %zu\r\n\r\n%s", path,
                         port, *session ? "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: " : "", session,
                         *session ? "\r\n" : "", strlen(body), body);
    send_text(fd, request, (size_t)count);
    read_answer(fd, answer);
}

static void make_session(int fd, int port, char *session) {
    static char answer[max_answer];
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
    memcpy(session, id, count);
    post(fd, port, session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", answer);
}

/// Sessions number `first`, `first` + `step`, … below `total`.
static void make_sessions(int port, int first, int step, int total) {
    int fd = -1, made = 0;
    for (int index = first; index < total; index += step) {
        if (made++ % posts_per_line == 0) {
            if (fd >= 0) close(fd);
            fd = connect_to(port, 1);
        }
        make_session(fd, port, sessions[index]);
    }
    if (fd >= 0) close(fd);
}

/// Opens one stream and waits for the head of its answer.
static int open_stream(int port, int index) {
    char request[1024], answer[max_answer];
    int fd = connect_to(port, 2 + index % sources);
    int count = snprintf(request, sizeof request,
                         "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n"
                         "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: %s\r\n\r\n", path, port, sessions[index]);
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

#endif
