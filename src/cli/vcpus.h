// SPDX-License-Identifier: MIT
//
// The VCPUs of a run, each on a thread of its own: the first on the caller's, and the others when
// the guest starts them. The first to come to an end ends the run.

#ifndef CLI_VCPUS_H
#define CLI_VCPUS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/answer.h"
#include "cli/attendant.h"
#include "cli/debugger.h"
#include "cli/ending.h"
#include "cli/exit_log.h"
#include "cli/registers.h"
#include "cli/symbols.h"
#include "cli/vm.h"

struct vcpus;

struct vcpu_seat {
    struct vcpus *vcpus;
    uint64_t number;
    zx_vaddr_t entry;
    struct host_thread *thread; // NULL: it was not started, or is the first.
};

struct vcpus {
    const struct vm *vm;
    const struct options *options;
    const struct symbols *symbols;
    struct exit_log *log;
    const struct attendant *attendant;
    const struct debugger *debugger;
    const atomic_bool *interrupted; // By the user, with a kick of the first VCPU.
    struct host_lock *lock;         // Guards the following, and is the log's.
    zx_handle_t handles[OPTIONS_MAX_CPUS];
    struct vcpu_seat seats[OPTIONS_MAX_CPUS];
    uint64_t started; // How many, of the numbers from 0 on.
    bool created;     // The last of these, or that has failed.
    bool ended;
    bool gone[OPTIONS_MAX_CPUS]; // It runs no more, and all has been told of it.
    struct ending ending;
    uint64_t ended_by;
    struct register_value registers[REGISTER_COUNT]; // What the VCPU that ended the run had.
    struct serial serial;
};

// Runs the guest to its end. The caller has set the members down to the lock, and the first handle.
struct ending vcpus_run(struct vcpus *vcpus);

// Closes the handles of the others.
void vcpus_close(struct vcpus *vcpus);

#endif // CLI_VCPUS_H
