// SPDX-License-Identifier: MIT
//
// The handlers of the signals that faults raise, which the copy of client memory shares with the
// exceptions of client threads.

#ifndef PLATFORM_POSIX_FAULTS_H
#define PLATFORM_POSIX_FAULTS_H

#include <signal.h>
#include <stdbool.h>

// Takes over SIGSEGV and SIGBUS. Repeated, it changes nothing.
void posix_faults_take_memory_signals(void);

// The copy's: leaves the handler if the fault is that of a copy in progress, or returns true for
// the handler to return.
bool posix_copy_recover(const siginfo_t *info, void *context);

#endif // PLATFORM_POSIX_FAULTS_H
