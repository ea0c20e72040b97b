// SPDX-License-Identifier: MIT
//
// What is reported is handled while Unicorn is still inside the guest, unless the guest is to leave
// or an instruction runs alone.

#ifndef ENGINE_CPU_UNICORN_RUN_EXITS_H
#define ENGINE_CPU_UNICORN_RUN_EXITS_H

#include "engine/cpu/unicorn/run.h"

// Makes of the raw exit the exit that it is.
enum raw_exit_result run_translate(struct run *run, const struct raw_exit *raw);

// Unicorn reports a raw exit. The run ends, unless the guest may go on at once.
void run_raw_exit(struct run *run, const struct raw_exit *raw);

// An instruction accesses a page that the nested tables do not have. True if the guest's mappings
// do not have it either; then the run ends with that access as its last raw exit.
bool run_absent(struct run *run, uint64_t guest_physical, bool write);

// Memory is accessed, at this address of the host's.
void run_access(struct run *run, const uint8_t *host, size_t size, bool write);

#endif // ENGINE_CPU_UNICORN_RUN_EXITS_H
