// The Redis client library for C, 0.14 or later (Debian: libhiredis-dev). Of it only the reader of replies is used: NIO
// has the socket. Only the RedisTransport target imports this module.
#ifndef PATCHBAY_CHIREDIS_SHIM_H
#define PATCHBAY_CHIREDIS_SHIM_H

#include <hiredis/read.h>
#include <hiredis/hiredis.h>

#endif
