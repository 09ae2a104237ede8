// What bare-nats.c and bare-redis.c share: the sizes of a request and its reply, the time that each carries, and what
// is said of it. A request begins with the time at which it was sent, and so does its reply.
#ifndef BENCHMARKS_BARE_H
#define BENCHMARKS_BARE_H

#include <stdbool.h>
#include <string.h>

#include "start.h"

enum {
    request_bytes = 200,  // the size of a tool call
    reply_bytes = 500,    // and of its answer, see backend.c
    max_rate = 100000,
    max_milliseconds = 60000,
    warm_up = nanoseconds / 10,  // samples of this first time are dropped
    reply_timeout = 10,          // seconds
};

static int64_t begin, *latencies;
static size_t latency_count;

/// True: the arguments are URL and NAME, or these with RATE and MILLISECONDS.
static bool read_arguments(int argc, char **argv, int *rate, int *milliseconds) {
    if (argc == 3) return true;
    *rate = argc == 5 ? atoi(argv[3]) : 0;
    *milliseconds = argc == 5 ? atoi(argv[4]) : 0;
    if (*rate < 1 || *rate > max_rate || *milliseconds < 1 || *milliseconds > max_milliseconds) {
        fprintf(stderr, "usage: %s URL NAME                    answers until its input ends\n"
                        "       %s URL NAME RATE MILLISECONDS  asks; at most %d/s, %d ms\n", argv[0], argv[0], max_rate,
                max_milliseconds);
        return false;
    }
    latencies = calloc((size_t)*rate * (size_t)*milliseconds / 1000 + 1, sizeof *latencies);
    if (!latencies) fail("calloc");
    return true;
}

static void say_answering(void) {
    puts("answering");
    fflush(stdout);
}

/// Notes how long the reply took.
static void take_sample(const char *reply, size_t count) {
    int64_t now = now_ns(), sent;
    if (count != reply_bytes) {
        fprintf(stderr, "nobody answers, or somebody else\n");
        exit(1);
    }
    memcpy(&sent, reply, sizeof sent);
    if (sent >= begin + warm_up) latencies[latency_count++] = now - sent;
}

static int compare(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/// Returns the exit code.
static int print_samples(void) {
    if (latency_count == 0) return 1;
    qsort(latencies, latency_count, sizeof *latencies, compare);
    printf("{\"count\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", latency_count,
           (double)latencies[latency_count / 2] / 1e3, (double)latencies[latency_count * 99 / 100] / 1e3);
    return 0;
}

#endif
