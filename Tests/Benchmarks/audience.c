// Holds many MCP event streams and times broadcasts to them. Stream number i has its session from port number i modulo
// their count and is opened there; with a SHIFT it is then opened again, that many ports further on, so that another
// node than the one that holds it serves it. Says `streams N` once all are open. For each line of its input it waits
// until every stream has got one more event of backend.c's broadcasts (see ticker.h), and prints as JSON how long that
// took from the broadcast's begin. A stream that ends, or gets another event than the next one, ends the program.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/epoll.h>

#include "sessions.h"

enum {
    max_ports = 16,
    max_event = 1024,      // of one stream, not yet complete
    events_per_wait = 512,
    hear_timeout = 60,     // seconds until all streams must have got an event
};

struct stream {
    int fd;
    long heard;  // the number of its last event
    size_t used;
    char text[max_event];
};

static struct stream *streams;
static int64_t *moments, begin;
static long broadcast;  // the number of the one that is waited for
static int total, heard;

static void complain(const struct stream *stream, const char *what) {
    fprintf(stderr, "stream %d, waiting for event %ld: %s: %.*s\n", (int)(stream - streams), broadcast, what,
            (int)stream->used, stream->text);
    exit(1);
}

static void open_all(const int *ports, int port_count, int shift) {
    for (int port = 0; port < port_count; port++) make_sessions(ports[port], port, port_count, total);
    for (int index = 0; index < total; index++) streams[index].fd = open_stream(ports[index % port_count], index);
    // Only then, because a node puts on record that it holds a stream a moment after its client has it.
    for (int index = 0; index < total && shift % port_count; index++) {
        int holder = streams[index].fd;
        streams[index].fd = open_stream(ports[(index + shift) % port_count], index);
        close(holder);
    }
    for (int index = 0; index < total; index++) {
        if (fcntl(streams[index].fd, F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
    }
}

/// Takes the events that are complete; anything without a time is not one of a broadcast.
static void take_events(struct stream *stream, int64_t now) {
    for (;;) {
        stream->text[stream->used] = 0;
        char *at = strstr(stream->text, "\"at\":"), *end = at ? strstr(at, "}}}\n") : NULL;
        if (!end) {
            if (stream->used < max_event - 1) return;
            if (at) complain(stream, "too long");
            stream->used = 0;
            return;
        }
        char *number = strstr(at, "\"round\":");
        if (!number || strtol(number + 8, NULL, 10) != broadcast || stream->heard == broadcast)
            complain(stream, "another event");
        stream->heard = broadcast;
        begin = strtoll(at + 5, NULL, 10);
        moments[heard++] = now;
        stream->used -= (size_t)(end + 4 - stream->text);
        memmove(stream->text, end + 4, stream->used);
    }
}

static void receive(struct stream *stream) {
    ssize_t count = recv(stream->fd, stream->text + stream->used, max_event - 1 - stream->used, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) complain(stream, "closed");
    stream->used += (size_t)count;
    take_events(stream, now_ns());
}

static int compare(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void hear(int epoll) {
    struct epoll_event events[events_per_wait];
    heard = 0;
    broadcast++;
    for (int64_t limit = now_ns() + hear_timeout * (int64_t)nanoseconds; heard < total;) {
        if (now_ns() > limit) {
            fprintf(stderr, "broadcast %ld reached %d of %d streams within %d s\n", broadcast, heard, total,
                    hear_timeout);
            exit(1);
        }
        int count = epoll_wait(epoll, events, events_per_wait, 1000);
        for (int index = 0; index < count; index++) receive(events[index].data.ptr);
    }
    qsort(moments, (size_t)total, sizeof *moments, compare);
    printf("{\"first_us\": %.1f, \"p50_us\": %.1f, \"last_us\": %.1f}\n", (double)(moments[0] - begin) / 1e3,
           (double)(moments[total / 2] - begin) / 1e3, (double)(moments[total - 1] - begin) / 1e3);
    fflush(stdout);
}

int main(int argc, char **argv) {
    int ports[max_ports], port_count = argc - 4;
    bool is_wrong = port_count < 1 || port_count > max_ports || (total = atoi(argv[2])) < 1 || total > max_streams;
    for (int index = 0; !is_wrong && index < port_count; index++)
        is_wrong = (ports[index] = atoi(argv[4 + index])) < 1;
    if (is_wrong) {
        fprintf(stderr, "usage: audience PATH COUNT SHIFT PORT...   (at most %d streams, %d ports)\n", max_streams,
                max_ports);
        return 64;
    }
    path = argv[1];
    prepare_sessions(total);
    streams = calloc((size_t)total, sizeof *streams);
    moments = calloc((size_t)total, sizeof *moments);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!streams || !moments || epoll < 0) fail("cannot start");
    open_all(ports, port_count, atoi(argv[3]));
    for (int index = 0; index < total; index++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &streams[index]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, streams[index].fd, &event) < 0) fail("epoll_ctl");
    }
    printf("streams %d\n", total);
    fflush(stdout);
    for (int letter; (letter = getchar()) != EOF;) {
        if (letter == '\n') hear(epoll);
    }
    return 0;
}
