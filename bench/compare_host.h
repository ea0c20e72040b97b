// SPDX-License-Identifier: MIT
//
// The host on which the figures were measured.

#ifndef BENCH_COMPARE_HOST_H
#define BENCH_COMPARE_HOST_H

// QEMU's name and version, or "no QEMU"; the processor's name, or "unknown processor".
const char *host_qemu(void);
const char *host_processor(void);

#endif // BENCH_COMPARE_HOST_H
