// SPDX-License-Identifier: MIT
//
// zx_status_get_string(): the name of a status, from the list in names.h.

#include <zircon/status.h>

#include "syscalls/names.h"

const char *zx_status_get_string(zx_status_t status) {
    switch (status) {
#define STATUS_CASE(name)                                                                          \
    case name:                                                                                     \
        return #name;
        STATUS_NAMES(STATUS_CASE)
#undef STATUS_CASE
    default:
        return "(UNKNOWN)";
    }
}
