// libFuzzer as a library (https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library): the one function that the
// fuzz targets call. The linker finds it through -sanitize=fuzzer.
#ifndef PATCHBAY_CLIBFUZZER_SHIM_H
#define PATCHBAY_CLIBFUZZER_SHIM_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
