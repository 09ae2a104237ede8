// A bare request and reply over a NATS server, as little as the NATS library for C can do: what a call through an
// attachment is compared with. One process answers, the other asks at an even pace, whether or not answers have come,
// and prints p50 and p99 of the time from request to reply as JSON. Both send at once, like Patchbay.
#define _GNU_SOURCE
#include <nats/nats.h>
#include <stdatomic.h>
#include <sys/prctl.h>

#include "bare.h"

static atomic_long replies;  // the samples are of the one thread that takes replies, until all have come

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

static void answer(natsConnection *connection, natsSubscription *subscription, natsMsg *request, void *closure) {
    (void)subscription, (void)closure;
    char reply[reply_bytes] = {0};
    if (natsMsg_GetDataLength(request) == request_bytes) memcpy(reply, natsMsg_GetData(request), sizeof begin);
    check(natsConnection_Publish(connection, natsMsg_GetReply(request), reply, sizeof reply), "reply");
    natsMsg_Destroy(request);
}

static void take_reply(natsConnection *connection, natsSubscription *subscription, natsMsg *reply, void *closure) {
    (void)connection, (void)subscription, (void)closure;
    take_sample(natsMsg_GetData(reply), (size_t)natsMsg_GetDataLength(reply));
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

int main(int argc, char **argv) {
    int rate = 0, milliseconds = 0;
    if (!read_arguments(argc, argv, &rate, &milliseconds)) return 64;
    prctl(PR_SET_TIMERSLACK, 1000UL);  // else the kernel may wake this program 50 us late
    natsConnection *connection = connect_to(argv[1]);
    if (rate == 0) {
        natsSubscription *subscription;
        check(natsConnection_Subscribe(&subscription, connection, argv[2], answer, NULL), "subscribe");
        check(natsConnection_Flush(connection), "flush");
        say_answering();
        while (getchar() != EOF) {}
        return 0;
    }
    ask(connection, argv[2], rate, milliseconds);
    return print_samples();
}
