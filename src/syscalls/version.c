// SPDX-License-Identifier: MIT
//
// What the library says of its own version and of Unicorn's.

#include "engine/cpu/cpu.h"

#include <zirconia/zirconia.h>

const char *zirconia_version(void) {
    return ZIRCONIA_VERSION_STRING;
}

const char *zirconia_engine_version(void) {
    return engine_describe().version;
}

const char *zirconia_engine_note(void) {
    return engine_describe().note;
}
