// SPDX-License-Identifier: MIT
//
// A guest for the benchmarks of several VCPUs: 16 MiB, of which the last page but those of BIOS is
// trapped, and ports 0x10 and 0x11.

#ifndef BENCH_VCPU_GUEST_H
#define BENCH_VCPU_GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <zircon/types.h>

#define VCPU_GUEST_ENTRY 0x10000u

extern zx_handle_t vcpu_guest;

// Ends the benchmark unless the status is ZX_OK.
void vcpu_guest_check(zx_status_t status, const char *what);

// `image` names a file of ZIRCONIA_GUEST_DIR.
void vcpu_guest_open(const char *image, bool virtual_time);
void vcpu_guest_close(void);

void vcpu_guest_write(uint64_t address, const void *data, size_t size);
void vcpu_guest_read(uint64_t address, void *data, size_t size);

#endif // BENCH_VCPU_GUEST_H
