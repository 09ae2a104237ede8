// The NATS client library for C, 3.x (Debian: libnats-dev). Only the NATSTransport target imports this module.
#ifndef PATCHBAY_CNATS_SHIM_H
#define PATCHBAY_CNATS_SHIM_H

#include <nats/nats.h>

#endif
