// A bare request and reply over a NATS server, as little as the NATS library for C can do: what a call through an
// attachment is compared with. One process answers, the other asks at an even pace, whether or not answers have come,
// and prints p50 and p99 of the time from request to reply as JSON. Both send at once, like Patchbay.
#define _GNU_SOURCE
#include <nats/nats.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

enum {
    nanoseconds = 1000000000,
    request_bytes = 200,  // the size of a tool call
    reply_bytes = 500,    // and of its answer, see backend.c
    max_rate = 100000,
    max_milliseconds = 60000,
    warm_up = nanoseconds / 10,  // samples of this first time are dropped
    reply_timeout = 10,          // seconds
};

static int64_t begin, *latencies;
static size_t latency_count;  // of the one thread that takes replies, until all have come
static atomic_long replies;

static int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * nanoseconds + time.tv_nsec;
}

static void check(natsStatus status, const char *what) {
    if (status == NATS_OK) return;
    fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static natsConnection *connect_to(const char *url) {
    natsOptions *options;
    natsConnection *connection;
    check(natsOptions_Create(&options), "options");
    check(natsOptions_SetURL(options, url), "URL");
    check(natsOptions_SetSendAsap(options, true), "send at once");
    check(natsConnection_Connect(&connection, options), url);
    natsOptions_Destroy(options);
    return connection;
}

/// A reply begins with the request's first bytes, which say when it was sent.
static void answer(natsConnection *connection, natsSubscription *subscription, natsMsg *request, void *closure) {
    (void)subscription, (void)closure;
    char reply[reply_bytes] = {0};
    if (natsMsg_GetDataLength(request) == request_bytes) memcpy(reply, natsMsg_GetData(request), sizeof begin);
    check(natsConnection_Publish(connection, natsMsg_GetReply(request), reply, sizeof reply), "reply");
    natsMsg_Destroy(request);
}

static void take_reply(natsConnection *connection, natsSubscription *subscription, natsMsg *reply, void *closure) {
    (void)connection, (void)subscription, (void)closure;
    int64_t now = now_ns(), sent;
    if (natsMsg_GetDataLength(reply) != reply_bytes) {
        fprintf(stderr, "nobody answers\n");
        exit(1);
    }
    memcpy(&sent, natsMsg_GetData(reply), sizeof sent);
    if (sent >= begin + warm_up) latencies[latency_count++] = now - sent;
    natsMsg_Destroy(reply);
    atomic_fetch_add(&replies, 1);
}

static void sleep_until(int64_t moment) {
    struct timespec time = {moment / nanoseconds, moment % nanoseconds};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static void ask(natsConnection *connection, const char *subject, int rate, int milliseconds) {
    natsSubscription *subscription;
    natsInbox *inbox;
    char request[request_bytes] = {0};
    check(natsInbox_Create(&inbox), "inbox");
    check(natsConnection_Subscribe(&subscription, connection, inbox, take_reply, NULL), "subscribe");
    check(natsConnection_Flush(connection), "flush");
    long total = (long)rate * milliseconds / 1000;
    begin = now_ns();
    for (long sent = 0; sent < total; sent++) {
        int64_t due = begin + sent * nanoseconds / rate, now = now_ns();
        if (due > now) sleep_until(due), now = now_ns();
        memcpy(request, &now, sizeof now);
        check(natsConnection_PublishRequest(connection, subject, inbox, request, sizeof request), "request");
    }
    for (int64_t end = now_ns() + reply_timeout * (int64_t)nanoseconds; atomic_load(&replies) < total;) {
        if (now_ns() > end) {
            fprintf(stderr, "%ld of %ld requests have no reply\n", total - atomic_load(&replies), total);
            exit(1);
        }
        sleep_until(now_ns() + nanoseconds / 1000);
    }
}

static int compare(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv) {
    int rate = argc == 5 ? atoi(argv[3]) : 0, milliseconds = argc == 5 ? atoi(argv[4]) : 0;
    if ((argc != 3 && argc != 5) || (argc == 5 && (rate < 1 || rate > max_rate || milliseconds < 1 ||
                                                   milliseconds > max_milliseconds))) {
        fprintf(stderr, "usage: bare URL SUBJECT                    answers until its input ends\n"
                        "       bare URL SUBJECT RATE MILLISECONDS  asks; at most %d/s, %d ms\n", max_rate,
                max_milliseconds);
        return 64;
    }
    prctl(PR_SET_TIMERSLACK, 1000UL);  // else the kernel may wake this program 50 us late
    natsConnection *connection = connect_to(argv[1]);
    if (argc == 3) {
        natsSubscription *subscription;
        check(natsConnection_Subscribe(&subscription, connection, argv[2], answer, NULL), "subscribe");
        check(natsConnection_Flush(connection), "flush");
        puts("answering");
        fflush(stdout);
        while (getchar() != EOF) {}
        return 0;
    }
    latencies = calloc((size_t)rate * (size_t)milliseconds / 1000 + 1, sizeof *latencies);
    if (!latencies) return 1;
    ask(connection, argv[2], rate, milliseconds);
    if (latency_count == 0) return 1;
    qsort(latencies, latency_count, sizeof *latencies, compare);
    printf("{\"count\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", latency_count,
           (double)latencies[latency_count / 2] / 1e3, (double)latencies[latency_count * 99 / 100] / 1e3);
    return 0;
}
