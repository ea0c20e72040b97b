// SPDX-License-Identifier: MIT
//
// The library's side of bench_guest: one guest and one VCPU, used through the public ABI as any VMM
// would. Whatever goes wrong ends the benchmark, so a figure stands for work that was done.

#ifndef BENCH_OWN_GUEST_H
#define BENCH_OWN_GUEST_H

#include <stdint.h>

#include "programs.h"

#include <zircon/types.h>

// Makes the guest; the VCPU belongs to the calling thread, which makes all calls below.
void own_open(void);
void own_close(void);

// Runs a program that ends by itself without the caller's help; returns RAX.
uint64_t own_run(enum program program, uint64_t count);

// Runs a program of exceptions or interrupts to its end; all `count` of them must have come.
void own_run_vectors(enum program program, uint64_t count);

// Runs a program that comes back to the caller `count` times.
void own_run_outputs(uint64_t count);
void own_run_inputs(uint64_t count);
void own_run_stores(uint64_t count);

// Sends an interrupt before each entry, which the guest's handler reports by an OUT.
void own_run_interrupted(uint64_t count);

// Kicks the spinning guest from another thread, and writes to latencies[0] to latencies[count - 1]
// the nanoseconds from each zx_vcpu_kick() to the return of zx_vcpu_enter().
void own_measure_kicks(double *latencies, uint64_t count);

// Creates a small guest, runs it to its first exit and closes it, `count` times. A thread has one
// VCPU, so own_open() has not been called yet, or own_close() has.
void own_run_lifetimes(uint64_t count);

// For kick.c and own_guest.c: the VCPU, the guest's memory as this process sees it, and the start
// and the end of a run of the program `spin`.
extern zx_handle_t own_vcpu;
extern uint8_t *own_memory;
void own_start_spin(void);
void own_end_spin(void);

#endif // BENCH_OWN_GUEST_H
