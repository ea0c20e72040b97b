// SPDX-License-Identifier: MIT
//
// What init has to say, in this order, and what a kernel says when it is in trouble.

#include "verdict.h"

#include <stdio.h>
#include <string.h>

// The first 20000 terms of 4 - 4/3 + 4/5 - ... in the order and the precision of init.
#define PI "3.141542653590"

static const char *const troubles[] = {
    "Kernel panic",    "Oops",           "BUG:",     "general protection fault",
    "double fault",    "invalid opcode", "segfault", "unhandled signal",
    "stack-protector", "traps: ",
};

static bool find_trouble(const char *output) {
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        if (strstr(output, troubles[i]) != NULL) {
            fprintf(stderr, "linux: the kernel wrote \"%s\"\n", troubles[i]);
            return true;
        }
    }
    return false;
}

// Moves *output behind the line.
static bool expect(const char **output, const char *line) {
    const char *found = strstr(*output, line);
    if (found == NULL) {
        fprintf(stderr, "linux: missing: %s\n", line);
        return false;
    }
    *output = found + strlen(line);
    return true;
}

bool verdict(const char *output, const char *busybox_md5, unsigned processor_count) {
    char started[64];
    snprintf(started, sizeof started, "init: started on %u", processor_count);
    bool good = !find_trouble(output) && expect(&output, started);
    for (int child = 1; good && child <= 4; child++) {
        char line[128];
        snprintf(line, sizeof line, "init: child %d computed %s " PI, child, busybox_md5);
        good = expect(&output, line);
    }
    return good && expect(&output, "init: signalled") && expect(&output, "init: slept") &&
           expect(&output, "init: done");
}
