// Follows one event stream of ticks (see ticker.h) and prints as JSON how long they took. FROM says which stream:
// `call:COUNT:GAP_US` makes a tool call that sends them, `get` opens the session's GET stream, and anything else is the
// event id after which a stream is resumed. It ends after EVENTS ticks, and does all that TIMES times.
#define _GNU_SOURCE
#include <errno.h>

#include "loopback.h"

enum {
    max_line = 4096,
    max_events = 1000000,
    max_times = 10000,
    warm_up = nanoseconds / 10,  // ticks that were sent before this time are not samples of the latency
};

struct line {
    char text[max_line];
    size_t count;
};

static struct {
    enum { in_head, in_size, in_chunk, after_chunk, at_end } place;
    size_t left;  // bytes of the chunk
    struct line frame, event;  // a chunk may end within a line of an event
    char id[max_line];
    int64_t at;  // of the tick that is being read, or 0
    int64_t begin, first, last;
    int events;
} stream;

static int64_t *latencies, *firsts;
static size_t latency_count;

static void end_event(void) {
    if (!stream.at) return;
    stream.last = now_ns();
    if (stream.events++ == 0) stream.first = stream.last;
    if (stream.at >= stream.begin + warm_up && latency_count < max_events)
        latencies[latency_count++] = stream.last - stream.at;
    stream.at = 0;
}

static void end_event_line(void) {
    const char *text = stream.event.text;
    if (stream.event.count == 0) {
        end_event();
    } else if (!strncmp(text, "id: ", 4)) {
        strcpy(stream.id, text + 4);
    } else if (!strncmp(text, "data:", 5)) {
        const char *at = strstr(text, "\"at\":");
        if (at) stream.at = strtoll(at + 5, NULL, 10);
    }
}

static void end_frame_line(void) {
    const char *text = stream.frame.text;
    if (stream.place == in_head) {
        if (!strncmp(text, "HTTP/", 5) && !is_success(text)) {
            fprintf(stderr, "no stream: %s\n", text);
            exit(1);
        }
        if (stream.frame.count == 0) stream.place = in_size;
    } else if (stream.place == after_chunk) {
        stream.place = in_size;
    } else {
        stream.left = strtoul(text, NULL, 16);
        stream.place = stream.left > 0 ? in_chunk : at_end;
    }
}

static void take(char byte) {
    bool in_event = stream.place == in_chunk;
    struct line *line = in_event ? &stream.event : &stream.frame;
    if (byte == '\n') {
        if (line->count > 0 && line->text[line->count - 1] == '\r') line->count--;
        line->text[line->count] = 0;
        if (in_event) end_event_line(); else end_frame_line();
        line->count = 0;
    } else if (line->count < max_line - 1) {
        line->text[line->count++] = byte;
    }
    if (in_event && --stream.left == 0) stream.place = after_chunk;
}

static void request(int fd, int port, const char *session, const char *from) {
    char text[max_line * 2], body[256] = "";
    long count, gap_us;
    bool is_call = sscanf(from, "call:%ld:%ld", &count, &gap_us) == 2, is_get = !strcmp(from, "get");
    if (is_call) {
        snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":"
                 "\"ticks\",\"arguments\":{\"count\":%ld,\"gap_us\":%ld}}}", count, gap_us);
    }
    int size = snprintf(text, sizeof text,
                        "%s /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nMCP-Protocol-Version: 2025-11-25\r\n"
                        "Mcp-Session-Id: %s\r\nAccept: application/json, text/event-stream\r\n%s%s%s"
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        is_call ? "POST" : "GET", port, session, is_call || is_get ? "" : "Last-Event-ID: ",
                        is_call || is_get ? "" : from, is_call || is_get ? "" : "\r\n", strlen(body), body);
    send_text(fd, text, (size_t)size);
}

static void follow(int port, const char *session, const char *from, int events) {
    static char bytes[1 << 16];
    memset(&stream, 0, sizeof stream);
    int fd = connect_to(port, 1);
    stream.begin = now_ns();
    request(fd, port, session, from);
    for (;;) {
        ssize_t count = recv(fd, bytes, sizeof bytes, 0);
        for (ssize_t index = 0; index < count && stream.place != at_end && stream.events < events; index++)
            take(bytes[index]);
        if (stream.events == events) break;
        if (count > 0 && stream.place != at_end) continue;
        fprintf(stderr, "the stream had %d of %d ticks and then %s\n", stream.events, events,
                count < 0 ? strerror(errno) : "its end");
        exit(1);
    }
    close(fd);
}

static int compare(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/// Two members of the JSON object: the 50th and the 99th percentile in microseconds, or null.
static void print_percentiles(const char *name, int64_t *values, size_t count) {
    qsort(values, count, sizeof *values, compare);
    if (count == 0) printf("\"%sp50_us\": null, \"%sp99_us\": null, ", name, name);
    else printf("\"%sp50_us\": %.1f, \"%sp99_us\": %.1f, ", name, (double)values[count / 2] / 1e3, name,
                (double)values[count * 99 / 100] / 1e3);
}

int main(int argc, char **argv) {
    int port = argc == 6 ? atoi(argv[1]) : 0, events = argc == 6 ? atoi(argv[4]) : 0;
    int times = argc == 6 ? atoi(argv[5]) : 0;
    if (port < 1 || events < 1 || events > max_events || times < 1 || times > max_times ||
        strlen(argv[2]) + strlen(argv[3]) >= max_line) {
        fprintf(stderr, "usage: follow PORT SESSION call:COUNT:GAP_US|get|EVENT_ID EVENTS TIMES\n");
        return 64;
    }
    latencies = calloc(max_events, sizeof *latencies);
    firsts = calloc((size_t)times, sizeof *firsts);
    if (!latencies || !firsts) fail("calloc");
    for (int turn = 0; turn < times; turn++) {
        follow(port, argv[2], argv[3], events);
        firsts[turn] = stream.first - stream.begin;
    }
    printf("{");
    print_percentiles("", latencies, latency_count);
    print_percentiles("first_", firsts, (size_t)times);
    printf("\"samples\": %zu, \"total_us\": %.1f, \"id\": \"%s\"}\n", latency_count,
           (double)(stream.last - stream.begin) / 1e3, stream.id);
    return 0;
}
