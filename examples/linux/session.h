// SPDX-License-Identifier: MIT
//
// A VM with a person at it: what the guest sends goes to standard output, what is typed goes to the
// guest, and a guest that resets the VM boots again.

#ifndef EXAMPLES_LINUX_SESSION_H
#define EXAMPLES_LINUX_SESSION_H

#include "loader.h"
#include "vm.h"

struct session {
    struct vm_config config;
    // Puts what is to be booted into the VM's memory. NULL, or why that cannot be done.
    const char *(*load)(void *context, struct vm *vm, struct boot_entry *entry);
    // Is told of each VM before it runs, and after. NULL: nobody is.
    void (*begin)(void *context, zx_handle_t guest);
    void (*end)(void *context, zx_handle_t guest);
    void *context;
};

enum session_end {
    SESSION_OFF,      // The guest turned the VM off.
    SESSION_ESCAPED,  // TERMINAL_ESCAPE was typed.
    SESSION_KILLED,   // A debugger killed the guest.
    SESSION_FAULT,    // The guest did what nothing answers, which has been said.
    SESSION_NOT_BEGUN // What load() said is in *reason.
};

enum session_end session_run(struct session *session, const char **reason);

#endif // EXAMPLES_LINUX_SESSION_H
