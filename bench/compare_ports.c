// SPDX-License-Identifier: MIT
//
// The devices of compare.asm; see the header.

#include "compare_ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DATA = 0, LINE_STATUS = 5 };

#define DATA_READY 0x01
#define ROOM_TO_SEND 0x60

_Noreturn void compare_fail(const char *what, const char *detail) {
    fprintf(stderr, "bench_compare: %s: %s\n", what, detail);
    exit(EXIT_FAILURE);
}

uint64_t compare_read_image(const char *path, uint8_t *image) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        compare_fail(path, "cannot be opened");
    }
    const size_t size = fread(image, 1, COMPARE_IMAGE_MAX, file);
    if (ferror(file) != 0 || size == 0 || size == COMPARE_IMAGE_MAX) {
        compare_fail(path, "cannot be read");
    }
    fclose(file);
    return size;
}

// The guest waits for data, so it may as well wait here.
uint8_t compare_input(uint32_t port) {
    uint8_t value = 0xff;
    if (port == COMPARE_SERIAL + LINE_STATUS) {
        value = DATA_READY | ROOM_TO_SEND;
    } else if (port == COMPARE_SERIAL + DATA && read(STDIN_FILENO, &value, 1) != 1) {
        exit(EXIT_SUCCESS);
    }
    return value;
}

void compare_output(uint32_t port, uint8_t value) {
    if (port == COMPARE_SERIAL + DATA && write(STDOUT_FILENO, &value, 1) != 1) {
        exit(EXIT_SUCCESS);
    }
}
