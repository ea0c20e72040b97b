// SPDX-License-Identifier: MIT
//
// For a program that runs itself again and waits for the end of the new process.

#ifndef TESTS_RUN_PROCESS_H
#define TESTS_RUN_PROCESS_H

#include <stdbool.h>

struct process_end {
    bool timed_out; // The program was killed at the end of its time.
    int signal;     // The signal that ended the program, or 0.
    int code;       // The exit code of a program that no signal ended.
};

// Runs it with that variable in its environment, without a limit when `seconds` is 0. For a process
// that cannot be started the exit code is -1.
struct process_end process_run_itself(const char *variable, const char *value, double seconds);

// Takes two variables out of the environment, which are not for the processes that this one starts.
void process_forget(const char *first, const char *second);

#endif // TESTS_RUN_PROCESS_H
