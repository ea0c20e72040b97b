// SPDX-License-Identifier: MIT
//
// Runs cases on the host's processor and in a guest, at the same addresses.

#ifndef TESTS_ORACLE_RUN_H
#define TESTS_ORACLE_RUN_H

#include "oracle/cases.h"

// Makes both sides and gives each form its slot.
void oracle_start(struct form *forms, size_t count);

// Runs `count` cases that were filled for their place behind ORACLE_CASES.
void oracle_run_host(struct oracle_case *cases, size_t count);
void oracle_run_guest(struct oracle_case *cases, size_t count);

// Whether the host refused the case its segment of 32-bit code, which some virtual machines do not
// have for programs: the jump there is a #GP for the selector.
bool oracle_host_refused(const struct oracle_case *current);

#endif // TESTS_ORACLE_RUN_H
