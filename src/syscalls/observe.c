// SPDX-License-Identifier: MIT
//
// Watching the exits of a guest (zirconia/observe.h).

#include "engine/observe.h"

#include "engine/guest.h"
#include "syscalls/syscalls.h"

zx_status_t sys_guest_observe(struct guest *guest, zirconia_exit_observer_t observer,
                              void *context) {
    observe_with(&guest->observation, observer, context);
    return ZX_OK;
}

zx_status_t sys_guest_observe_entries(struct guest *guest, zirconia_entry_observer_t observer,
                                      void *context) {
    observe_entries_with(&guest->observation, observer, context);
    return ZX_OK;
}

zx_status_t sys_guest_statistics(struct guest *guest, zirconia_exit_statistics_t *out,
                                 size_t kinds) {
    zx_status_t status = ZX_OK;
    for (size_t i = 0; status == ZX_OK && i < kinds; i++) {
        zirconia_exit_statistics_t counts = {0};
        if (i < ZIRCONIA_EXIT_KIND_COUNT) {
            observe_count(&guest->observation, (zirconia_exit_kind_t)i, &counts);
        }
        status = copy_to_client(client_at(out, i * sizeof counts), &counts, sizeof counts);
    }
    return status;
}

const char *zirconia_exit_kind_name(zirconia_exit_kind_t kind) {
#define NAME(constant, name) #name,
    static const char *const names[] = {ZIRCONIA_EXIT_KINDS(NAME)};
#undef NAME
    const size_t index = (size_t)kind;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}
