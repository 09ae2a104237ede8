// The least that a program between clients and a server can do on one thread: an epoll loop that copies the bytes of
// each connection to one of its own to 127.0.0.1:PORT, and those of that one back. It reads no HTTP and keeps nothing.
// What a broadcast through Patchbay costs is compared with it. Prints the port that it listens on.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>

#include "loopback.h"

enum {
    max_bytes = 16 * 1024,  // copied at once
    events_per_wait = 256,
};

static int *peers;  // by file descriptor; 0: none
static int limit, epoll;

static void watch(int fd, int peer) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd >= limit || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("too many connections");
    peers[fd] = peer;
}

static void accept_all(int listener, int port) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        int upstream = connect_to(port, 1);
        watch(fd, upstream);
        watch(upstream, fd);
    }
}

/// What has come goes to the other side whole: what is measured is far smaller than the socket's room.
static void copy(int fd) {
    static char bytes[max_bytes];
    int peer = peers[fd];
    if (!peer) return;  // its other side has ended in this turn
    ssize_t count = recv(fd, bytes, sizeof bytes, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count > 0 && send(peer, bytes, (size_t)count, MSG_NOSIGNAL) == count) return;
    if (count > 0 && errno == EAGAIN) fail("a connection is read too slowly");
    peers[fd] = peers[peer] = 0;
    close(fd);
    close(peer);
}

int main(int argc, char **argv) {
    int port = argc == 2 ? atoi(argv[1]) : 0;
    if (port < 1) {
        fprintf(stderr, "usage: relay PORT\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    limit = raise_file_limit();
    peers = calloc((size_t)limit, sizeof *peers);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!peers || epoll < 0) fail("cannot start");
    int listener = listen_on_loopback();
    watch(listener, 0);
    struct epoll_event events[events_per_wait];
    for (;;) {
        int count = epoll_wait(epoll, events, events_per_wait, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int index = 0; index < count; index++) {
            if (events[index].data.fd == listener) accept_all(listener, port);
            else copy(events[index].data.fd);
        }
    }
}
