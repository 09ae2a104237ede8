// What the benchmark programs in C begin with: how they fail, the time, the limit of open files, a listening socket.
#ifndef BENCHMARKS_START_H
#define BENCHMARKS_START_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { nanoseconds = 1000000000 };  // of a second

static inline void fail(const char *what) {
    perror(what);
    exit(1);
}

static inline int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * nanoseconds + time.tv_nsec;
}

/// As many open files as may be, at most 2^20; returns their number.
static inline int raise_file_limit(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0) fail("getrlimit");
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur > 1 << 20 ? 1 << 20 : (int)files.rlim_cur;
}

/// A listening socket on a free loopback port, which is printed for bench.py.
static inline int listen_on_loopback(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 4096) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) < 0)
        fail("cannot listen on 127.0.0.1");
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

#endif
