// SPDX-License-Identifier: MIT
//
// Guest memory as gdb asks for it: by linear addresses of the VCPU that was chosen, or by physical
// ones.

#include "gdb/server.h"

#include <zircon/syscalls.h>

bool gdb_find(const struct zirconia_gdb *gdb, uint64_t address, uint64_t *guest_physical) {
    *guest_physical = address;
    return gdb->physical || zirconia_vcpu_find_linear(gdb->vcpus[gdb->chosen - 1].handle, address,
                                                      guest_physical) == ZX_OK;
}

static size_t part(uint64_t address, size_t left) {
    const size_t room = 0x1000 - address % 0x1000;
    return left < room ? left : room;
}

size_t gdb_read_memory(const struct zirconia_gdb *gdb, uint64_t address, uint8_t *buffer,
                       size_t size) {
    size_t done = 0;
    while (done < size) {
        uint64_t physical = 0;
        const size_t count = part(address + done, size - done);
        if (!gdb_find(gdb, address + done, &physical) ||
            zirconia_guest_read_memory(gdb->guest, physical, buffer + done, count) != ZX_OK) {
            break;
        }
        done += count;
    }
    return done;
}

size_t gdb_write_memory(struct zirconia_gdb *gdb, uint64_t address, const uint8_t *buffer,
                        size_t size) {
    size_t done = 0;
    history_forget(&gdb->history);
    while (done < size) {
        uint64_t physical = 0;
        const size_t count = part(address + done, size - done);
        if (!gdb_find(gdb, address + done, &physical) ||
            zirconia_guest_write_memory(gdb->guest, physical, buffer + done, count) != ZX_OK) {
            break;
        }
        done += count;
    }
    return done;
}
