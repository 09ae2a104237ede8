// A bare request and reply over a Redis server, as little as hiredis can do: PUBLISH, and who has subscribed answers by
// PUBLISH. What a call through an attachment is compared with. One process answers, the other asks at an even pace,
// whether or not answers have come, and prints p50 and p99 of the time from request to reply as JSON. Each is one
// thread with two connections, because one that has subscribed cannot publish.
#define _GNU_SOURCE
#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bare.h"

enum { max_name = 64 };

static redisContext *hearing, *publishing;
static char requests[max_name + 16], replies[max_name + 16];
static long reply_count;

static void check(bool is_fine, const redisContext *context, const char *what) {
    if (is_fine) return;
    fprintf(stderr, "%s: %s\n", what, context ? context->errstr : "no memory");
    exit(1);
}

static redisContext *connect_to(const char *url) {
    int port = 0;
    if (sscanf(url, "redis://127.0.0.1:%d", &port) != 1) {
        fprintf(stderr, "%s is not redis://127.0.0.1:PORT\n", url);
        exit(64);
    }
    redisContext *context = redisConnect("127.0.0.1", port);
    check(context && !context->err, context, url);
    return context;
}

static void subscribe(const char *channel) {
    redisReply *reply = redisCommand(hearing, "SUBSCRIBE %s", channel);
    check(reply && reply->type == REDIS_REPLY_ARRAY, hearing, "SUBSCRIBE");
    freeReplyObject(reply);
}

static void publish(const char *channel, const char *bytes, size_t count) {
    int done = 0;
    check(redisAppendCommand(publishing, "PUBLISH %s %b", channel, bytes, count) == REDIS_OK, publishing, "PUBLISH");
    while (!done) check(redisBufferWrite(publishing, &done) == REDIS_OK, publishing, "PUBLISH");
}

static void answer(const char *request, size_t count) {
    char reply[reply_bytes] = {0};
    if (count == request_bytes) memcpy(reply, request, sizeof begin);
    publish(replies, reply, sizeof reply);
}

static void take_reply(const char *reply, size_t count) {
    take_sample(reply, count);
    reply_count++;
}

/// Reads what has come; messages go to `take`, and what the server says to each PUBLISH nowhere.
static void read_replies(redisContext *context, void (*take)(const char *, size_t)) {
    check(redisBufferRead(context) == REDIS_OK, context, "read");
    for (void *found; check(redisGetReplyFromReader(context, &found) == REDIS_OK, context, "read"), found;) {
        redisReply *reply = found;
        bool is_message = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3;
        if (is_message) take(reply->element[2]->str, reply->element[2]->len);
        else check(reply->type == REDIS_REPLY_INTEGER, context, "the server answers something else");
        freeReplyObject(reply);
    }
}

/// Waits for at most so many nanoseconds, negative for ever, and reads. False: the input has ended.
static bool wait_and_read(int64_t pause, void (*take)(const char *, size_t)) {
    struct pollfd ready[] = {
        {hearing->fd, POLLIN, 0}, {publishing->fd, POLLIN, 0}, {pause < 0 ? STDIN_FILENO : -1, POLLIN, 0}};
    struct timespec timeout = {pause / nanoseconds, pause % nanoseconds};
    if (ppoll(ready, 3, pause < 0 ? NULL : &timeout, NULL) < 0 && errno != EINTR) fail("ppoll");
    if (ready[0].revents) read_replies(hearing, take);
    if (ready[1].revents) read_replies(publishing, take);
    return !ready[2].revents;
}

static void ask(int rate, int milliseconds) {
    char request[request_bytes] = {0};
    long total = (long)rate * milliseconds / 1000, sent = 0;
    begin = now_ns();
    int64_t end = begin + (int64_t)milliseconds * 1000000 + reply_timeout * (int64_t)nanoseconds;
    while (reply_count < total) {
        int64_t now = now_ns(), due = begin + sent * nanoseconds / rate;
        if (now > end) {
            fprintf(stderr, "%ld of %ld requests have no reply\n", total - reply_count, total);
            exit(1);
        }
        if (sent < total && due <= now) {
            memcpy(request, &now, sizeof now);
            publish(requests, request, sizeof request);
            sent++;
            due = begin + sent * nanoseconds / rate;
            now = now_ns();
        }
        int64_t next = sent < total ? due : end;
        wait_and_read(next > now ? next - now : 0, take_reply);
    }
}

int main(int argc, char **argv) {
    int rate = 0, milliseconds = 0;
    if (!read_arguments(argc, argv, &rate, &milliseconds)) return 64;
    prctl(PR_SET_TIMERSLACK, 1000UL);  // else the kernel may wake this program 50 us late
    snprintf(requests, sizeof requests, "%.*s.requests", max_name, argv[2]);
    snprintf(replies, sizeof replies, "%.*s.replies", max_name, argv[2]);
    hearing = connect_to(argv[1]);
    publishing = connect_to(argv[1]);
    subscribe(rate == 0 ? requests : replies);
    if (rate == 0) {
        say_answering();
        while (wait_and_read(-1, answer)) {}
        return 0;
    }
    ask(rate, milliseconds);
    return print_samples();
}
