// Events at an even pace for backend.c: each carries the time at which it was sent, so that a client on the same
// machine knows how long it took. A gap of 0 sends as fast as the peer reads.
#ifndef BENCHMARKS_TICKER_H
#define BENCHMARKS_TICKER_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "start.h"

enum {
    max_tickers = 64,
    max_tick = 1024,        // bytes of one event, or of the end, with its chunk's frame
    retry_ns = 200 * 1000,  // until a peer that read too slowly is tried again
};

struct ticker {
    int fd;              // 0: not in use
    long left;           // ticks to come; -1 once the end has been put
    int64_t gap, due;    // nanoseconds
    char end[max_tick];  // sent after the last tick; empty for a stream that stays open
    char rest[max_tick]; // what the socket has not taken yet
    size_t rest_count;
};

static struct ticker tickers[max_tickers];

/// False: there are too many, or the end is too long.
static bool start_ticks(int fd, long count, long gap_us, const char *end) {
    for (int index = 0; index < max_tickers; index++) {
        struct ticker *ticker = &tickers[index];
        if (ticker->fd) continue;
        ticker->fd = fd;
        ticker->left = count;
        ticker->gap = gap_us * 1000;
        ticker->due = now_ns();
        ticker->rest_count = 0;
        return snprintf(ticker->end, max_tick, "%s", end) < max_tick;
    }
    return false;
}

static void stop_ticks(int fd) {
    for (int index = 0; index < max_tickers; index++) {
        if (tickers[index].fd == fd) tickers[index].fd = 0;
    }
}

/// A tick that is sent now, with its chunk's frame, in `max_tick` bytes; returns how many there are.
static size_t make_tick(char *tick, const char *name, long number) {
    char event[max_tick / 2];
    int count = snprintf(event, sizeof event,
                         "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":"
                         "{\"level\":\"info\",\"data\":{\"at\":%lld,\"%s\":%ld}}}\n\n", (long long)now_ns(), name,
                         number);
    return (size_t)snprintf(tick, max_tick, "%x\r\n%s\r\n", (unsigned)count, event);
}

/// Sends what is due. False: the peer is gone.
static bool tick(struct ticker *ticker) {
    for (;;) {
        if (ticker->rest_count > 0) {
            ssize_t sent = send(ticker->fd, ticker->rest, ticker->rest_count, MSG_NOSIGNAL);
            if (sent < 0) return errno == EAGAIN || errno == EINTR;
            ticker->rest_count -= (size_t)sent;
            memmove(ticker->rest, ticker->rest + sent, ticker->rest_count);
            if (ticker->rest_count > 0) return true;
        }
        if (ticker->left < 0) return true;
        if (ticker->left > 0) {
            if (ticker->due > now_ns()) return true;
            ticker->rest_count = make_tick(ticker->rest, "left", ticker->left);
            ticker->due += ticker->gap;
        } else {
            ticker->rest_count = strlen(strcpy(ticker->rest, ticker->end));
        }
        ticker->left--;
    }
}

/// Sends what is due on all streams; returns the nanoseconds until it is to be called again, or -1: nothing is to come.
static int64_t run_tickers(void) {
    int64_t wait = -1;
    for (int index = 0; index < max_tickers; index++) {
        struct ticker *ticker = &tickers[index];
        if (!ticker->fd) continue;
        if (!tick(ticker) || (ticker->left < 0 && ticker->rest_count == 0)) {
            ticker->fd = 0;  // a peer that is gone is seen by its read, too
            continue;
        }
        int64_t pause = ticker->rest_count > 0 ? retry_ns : ticker->due - now_ns();
        if (pause < 0) pause = 0;
        if (wait < 0 || pause < wait) wait = pause;
    }
    return wait;
}

#endif
