// SPDX-License-Identifier: MIT
//
// What the host says of itself, as one line that JSON can quote.

#include "compare_host.h"

#include "compare_child.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_SIZE = 120 };

// Ends the text at the end of its line, and takes out what JSON would have to escape.
static void clean(char *text) {
    text[strcspn(text, "\n")] = 0;
    for (char *at = text; *at != 0; at++) {
        if (*at == '"' || *at == '\\' || !isprint((unsigned char)*at)) {
            *at = ' ';
        }
    }
}

const char *host_qemu(void) {
    static const char *const command[] = {"qemu-system-x86_64", "--version", NULL};
    static char text[LINE_MAX_SIZE];
    struct child child;
    size_t size = 0;
    if (!child_start(&child, command)) {
        return "no QEMU";
    }
    for (int byte = child_receive(&child); byte >= 0; byte = child_receive(&child)) {
        if (size < sizeof text - 1) {
            text[size++] = (char)byte;
        }
    }
    text[size] = 0;
    child_wait(&child);
    clean(text);
    return text;
}

const char *host_processor(void) {
    static char line[LINE_MAX_SIZE];
    FILE *file = fopen("/proc/cpuinfo", "r");
    const char *name = NULL;
    while (file != NULL && name == NULL && fgets(line, sizeof line, file) != NULL) {
        name = strncmp(line, "model name", 10) == 0 ? strchr(line, ':') : NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    clean(line);
    return name != NULL ? name + 2 : "unknown processor";
}
