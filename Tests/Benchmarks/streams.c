// Holds many idle MCP event streams open through a proxy, so that bench.py can read how much memory each costs there.
// Makes a session per stream, says `sessions N`, waits for a line, opens the streams, says `streams N` once each has
// its head, waits for a line, says how many are still `open N`, and ends at the end of its input.
#define _GNU_SOURCE
#include "sessions.h"

static int *streams;

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
    prepare_sessions(total);
    streams = calloc((size_t)total, sizeof *streams);
    if (!streams) fail("calloc");
    make_sessions(port, 0, 1, total);
    if (!say("sessions", total)) return 0;
    for (int index = 0; index < total; index++) streams[index] = open_stream(port, index);
    if (!say("streams", total)) return 0;
    say("open", count_open(total));
    return 0;
}
