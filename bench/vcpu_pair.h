// SPDX-License-Identifier: MIT
//
// Two VCPUs that run at the same time, each on a thread that answers its exits, as a VMM's does.

#ifndef BENCH_VCPU_PAIR_H
#define BENCH_VCPU_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// From one VCPU's store of the moment to the handler of the other, which runs or is halted, in
// nanoseconds of the guest's clock.
void vcpu_pair_interrupt(bool halted, bool virtual_time, double *times, size_t count);

// How many exits so many VCPUs make together in that time, that do nothing but read a port.
uint64_t vcpu_pair_reads(unsigned vcpus, int64_t nanoseconds);

// From one thread's post to the other that it wakes, in nanoseconds.
void vcpu_pair_wake(double *times, size_t count);

#endif // BENCH_VCPU_PAIR_H
