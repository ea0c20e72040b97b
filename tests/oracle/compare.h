// SPDX-License-Identifier: MIT
//
// In what two runs of a case differ, and which differences are known.

#ifndef TESTS_ORACLE_COMPARE_H
#define TESTS_ORACLE_COMPARE_H

#include "oracle/cases.h"

// What can differ.
enum aspect {
    FAULT, // the vector, or its error code
    REGISTERS,
    FLAGS,
    MEMORY,
    VECTORS, // XMM0 to XMM15
    MXCSR,
    MANTISSAS, // of the x87 registers
    EXPONENTS,
    EXCEPTIONS, // IE to PE, SF, ES and B of the x87 status word
    CONDITIONS, // C0, C2 and C3
    ROUNDED_UP, // C1
    TOP,
    TAGS,
    CONTROL, // the x87 control word
    ASPECTS,
};

extern const char *const aspect_names[ASPECTS];
extern const char *const circumstance_names[CIRCUMSTANCES];

// A bit for each aspect.
unsigned case_differences(const struct form *form, const struct oracle_case *host,
                          const struct oracle_case *guest);

// Whether the list has this difference; that it occurred is remembered.
bool difference_is_known(const struct form *form, enum aspect aspect,
                         enum circumstance circumstance);

// The list, and what the forms must do, is of Intel's processors. Elsewhere what vendor.inc names
// is not judged, and no difference need occur.
bool host_is_model(void);
bool form_depends_on_vendor(const struct form *form);

// How many differences of the list did not occur; those that are rare count only where many states
// were tried.
unsigned known_differences_gone(bool rare_too);

#endif // TESTS_ORACLE_COMPARE_H
