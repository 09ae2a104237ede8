// The part of OpenSSL 3 that SealedBox calls: AES-GCM, SHA-256, HKDF, random bytes, constant-time comparison.
// Only the SealedBox target imports this module.
#ifndef PATCHBAY_COPENSSL_SHIM_H
#define PATCHBAY_COPENSSL_SHIM_H

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#endif
