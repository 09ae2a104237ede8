// A trivial fast MCP server for the benchmarks: one thread, epoll, HTTP/1.1 with keep-alive on a loopback port that it
// prints. bench.py starts two of them behind every proxy. It accepts any session id and is not a model of a server.
// With the arguments COUNT GAP_US each GET stream gets so many events in that pace; else it is silent. For each line of
// its input it sends one event to each of them, and says what that took: `sent STREAMS MICROSECONDS`.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ticker.h"

enum {
    max_request = 16 * 1024,  // head and body of one request
    max_answer = 2048,
    answer_bytes = 500,  // the size of a tool call's JSON answer
    max_id = 32,
    events_per_wait = 256,
};

struct connection {
    char *bytes;  // max_request bytes; freed while the connection holds a GET stream
    size_t used;
    bool holds_stream;
};

struct request {
    char *head;
    char *body;
    size_t body_count;
};

static struct connection *connections;  // by file descriptor
static int connection_limit;
static uint64_t sessions_made;
static long stream_ticks, stream_gap_us;  // what each GET stream gets

/// The raw bytes of the request's JSON-RPC id, or 0. Good enough for bodies that the benchmarks and a gateway make.
static const char *request_id(const struct request *request, int *count) {
    const char *end = request->body + request->body_count;
    const char *id = memmem(request->body, request->body_count, "\"id\":", 5);
    *count = 1;
    if (!id) return "0";
    for (id += 5; id < end && *id == ' ';) id++;
    const char *stop = id;
    if (stop < end && *stop == '"') {
        for (stop++; stop < end && *stop != '"';) stop++;
        if (stop < end) stop++;
    } else {
        while (stop < end && *stop >= '-' && *stop <= '9') stop++;
    }
    if (stop == id || stop - id > max_id) return "0";
    *count = (int)(stop - id);
    return id;
}

static bool body_has(const struct request *request, const char *text) {
    return memmem(request->body, request->body_count, text, strlen(text)) != NULL;
}

/// Sends an answer in one call. False: the peer is gone or reads too slowly for an answer this small.
static bool send_all(int fd, const char *bytes, int count) {
    return send(fd, bytes, (size_t)count, MSG_NOSIGNAL) == count;
}

static bool send_json(int fd, const char *status, const char *header, const char *format, ...) {
    char body[max_answer / 2], answer[max_answer];
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(body, sizeof body, format, arguments);
    va_end(arguments);
    int total = snprintf(answer, sizeof answer,
                         "HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", status,
                         header, count, body);
    return send_all(fd, answer, total);
}

/// The JSON-RPC result of a tool call, padded to answer_bytes whatever the id.
static void make_call_result(char *body, const struct request *request) {
    int id_count;
    const char *id = request_id(request, &id_count);
    static const char tail[] = "\"}],\"isError\":false}}";
    int count = snprintf(body, answer_bytes, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{\"content\":[{\"type\":"
                         "\"text\",\"text\":\"", id_count, id);
    size_t padding = answer_bytes - (size_t)count - strlen(tail);
    memset(body + count, 'x', padding);
    strcpy(body + count + padding, tail);
}

static bool answer_call(int fd, const struct request *request, bool as_event) {
    char body[answer_bytes + 1], answer[max_answer];
    make_call_result(body, request);
    int count;
    if (as_event) {
        static const char before[] = "event: message\ndata: ";
        count = snprintf(answer, sizeof answer,
                         "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n%zx\r\n%s%s\n\n\r\n0\r\n\r\n",
                         strlen(before) + answer_bytes + 2, before, body);
    } else {
        count = snprintf(answer, sizeof answer,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                         answer_bytes, body);
    }
    return send_all(fd, answer, count);
}

/// The number behind `name` in the body, or 0.
static long number_in(const struct request *request, const char *name) {
    const char *found = memmem(request->body, request->body_count, name, strlen(name));
    return found ? strtol(found + strlen(name), NULL, 10) : 0;
}

static const char stream_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

/// Answers a call by an event stream: `count` ticks, `gap_us` apart, and then the result.
static bool answer_ticks(int fd, const struct request *request) {
    char body[answer_bytes + 1], end[max_tick];
    make_call_result(body, request);
    snprintf(end, sizeof end, "%x\r\ndata: %s\n\n\r\n0\r\n\r\n", answer_bytes + 8, body);
    return send_all(fd, stream_head, sizeof stream_head - 1) &&
           start_ticks(fd, number_in(request, "\"count\":"), number_in(request, "\"gap_us\":"), end);
}

static bool answer_post(int fd, const struct request *request) {
    if (body_has(request, "\"name\":\"ticks\"")) return answer_ticks(fd, request);
    if (body_has(request, "\"tools/call\"")) return answer_call(fd, request, body_has(request, "\"name\":\"events\""));
    int count;
    const char *id = request_id(request, &count);
    if (body_has(request, "\"initialize\"")) {
        char header[80];
        snprintf(header, sizeof header, "Mcp-Session-Id: %016llx%016llx\r\n", (unsigned long long)getpid(),
                 (unsigned long long)++sessions_made);
        return send_json(fd, "200 OK", header,
                         "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{\"protocolVersion\":\"2025-11-25\","
                         "\"capabilities\":{\"tools\":{\"listChanged\":true}},"
                         "\"serverInfo\":{\"name\":\"bench\",\"version\":\"1\"}}}", count, id);
    }
    if (body_has(request, "\"notifications/")) {
        static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
        return send_all(fd, accepted, sizeof accepted - 1);
    }
    if (body_has(request, "\"ping\"")) {
        return send_json(fd, "200 OK", "", "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{}}", count, id);
    }
    // server/discover gets here too: this server speaks the revisions with sessions only.
    return send_json(fd, "400 Bad Request", "",
                     "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"error\":{\"code\":-32600,"
                     "\"message\":\"Bad Request: unknown method\"}}", count, id);
}

/// Answers a GET by an event stream that stays open.
static bool hold_stream(int fd) {
    free(connections[fd].bytes);
    connections[fd] = (struct connection){.holds_stream = true};
    return send_all(fd, stream_head, sizeof stream_head - 1) &&
           (stream_ticks == 0 || start_ticks(fd, stream_ticks, stream_gap_us, ""));
}

/// The same event to every GET stream.
static void broadcast(void) {
    static long round;
    char tick[max_tick];
    int64_t begin = now_ns();
    int count = (int)make_tick(tick, "round", ++round), sent = 0;
    for (int fd = 0; fd < connection_limit; fd++) sent += connections[fd].holds_stream && send_all(fd, tick, count);
    printf("sent %d %lld\n", sent, (long long)(now_ns() - begin) / 1000);
    fflush(stdout);
}

/// Reads what has come of the input. False: it has ended.
static bool take_orders(void) {
    char lines[256];
    ssize_t count = read(STDIN_FILENO, lines, sizeof lines);
    for (ssize_t index = 0; index < count; index++) {
        if (lines[index] == '\n') broadcast();
    }
    return count > 0;
}

static bool answer(int fd, const struct request *request) {
    if (!strncmp(request->head, "POST ", 5)) {
        return answer_post(fd, request) && !strcasestr(request->head, "\r\nconnection: close");
    }
    if (!strncmp(request->head, "GET ", 4) && strcasestr(request->head, "text/event-stream")) return hold_stream(fd);
    if (!strncmp(request->head, "DELETE ", 7)) {
        static const char ended[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        return send_all(fd, ended, sizeof ended - 1);
    }
    static const char refused[] = "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, POST, DELETE\r\n"
                                  "Content-Length: 0\r\n\r\n";
    return send_all(fd, refused, sizeof refused - 1);
}

/// Answers each complete request in the buffer. False: close the connection.
static bool serve(int fd) {
    struct connection *connection = &connections[fd];
    while (connection->used > 0) {
        connection->bytes[connection->used] = 0;
        char *end = strstr(connection->bytes, "\r\n\r\n");
        if (!end) return connection->used < max_request - 1;
        char *length = strcasestr(connection->bytes, "\r\ncontent-length:");
        unsigned long body_count = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
        size_t head_count = (size_t)(end + 4 - connection->bytes);
        if (body_count > max_request - 1 - head_count) return false;
        size_t total = head_count + body_count;
        if (connection->used < total) return true;
        end[2] = 0;  // the head is a string of its own; the body starts two bytes on
        struct request request = {connection->bytes, connection->bytes + head_count, body_count};
        if (!answer(fd, &request)) return false;
        if (!connection->bytes) return true;  // it holds a stream now
        connection->used -= total;
        memmove(connection->bytes, connection->bytes + total, connection->used);
    }
    return true;
}

static void drop(int fd) {
    stop_ticks(fd);
    free(connections[fd].bytes);
    connections[fd] = (struct connection){0};
    close(fd);
}

static void receive(int fd) {
    struct connection *connection = &connections[fd];
    if (!connection->bytes && !(connection->bytes = malloc(max_request))) fail("malloc");
    ssize_t count = recv(fd, connection->bytes + connection->used, max_request - 1 - connection->used, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        drop(fd);
        return;
    }
    connection->used += (size_t)count;
    if (!serve(fd)) drop(fd);
}

static void accept_all(int listener, int epoll) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd >= connection_limit || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) close(fd);
    }
}

int main(int argc, char **argv) {
    if (argc == 3) {
        stream_ticks = atol(argv[1]);
        stream_gap_us = atol(argv[2]);
    }
    prctl(PR_SET_TIMERSLACK, 1000UL);  // else the kernel may wake this program 50 us late
    signal(SIGPIPE, SIG_IGN);
    connection_limit = raise_file_limit();
    connections = calloc((size_t)connection_limit, sizeof *connections);
    int epoll = epoll_create1(EPOLL_CLOEXEC), listener = listen_on_loopback();
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (!connections || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0) fail("cannot start");
    event.data.fd = STDIN_FILENO;
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);  // fails for a file, which gives no orders
    struct epoll_event events[events_per_wait];
    for (;;) {
        int64_t pause = run_tickers();
        struct timespec timeout = {pause / 1000000000, pause % 1000000000};
        int count = epoll_pwait2(epoll, events, events_per_wait, pause < 0 ? NULL : &timeout, NULL);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int index = 0; index < count; index++) {
            int fd = events[index].data.fd;
            if (fd == listener) accept_all(listener, epoll);
            else if (fd != STDIN_FILENO) receive(fd);
            else if (!take_orders()) epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
        }
    }
}
