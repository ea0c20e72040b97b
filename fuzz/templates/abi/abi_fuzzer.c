// SPDX-License-Identifier: MIT
//
// A fuzz target for a client of the ABI. An input is a list of operations (operation.h), each a
// call of the client's, and what comes of them is compared with a model that is too simple to be
// wrong. The guest is made for the first input, so not before an engine such as AFL++ forks, and
// each input leaves it as it was. A client that runs its guest goes back to a snapshot instead, as
// the template `device` does.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/zirconia.h>

#include "memory.h"
#include "operation.h"

enum { ABSENT = -1 };

static zx_handle_t guest, vmar;
static int model[MEMORY_PAGES + OPERATION_PAGES]; // The first byte of each page, or ABSENT.

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What must hold. If it does not that is a crash, so that libFuzzer keeps the input.
static void check(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "abi_fuzzer: %s\n", what);
        abort();
    }
}

static void prepare(void) {
    zx_handle_t resource;
    check(zirconia_hypervisor_resource(&resource) == ZX_OK, "no resource");
    check(zx_guest_create(resource, 0, &guest, &vmar) == ZX_OK, "no guest");
}

static void set_model(uint32_t page, uint32_t pages, int value) {
    for (uint32_t i = page; i < page + pages; i++) {
        model[i] = value;
    }
}

static void add(uint32_t page, uint32_t pages) {
    const zx_status_t status = memory_add(vmar, page, pages);
    int present = 0;
    for (uint32_t i = page; i < page + pages; i++) {
        present |= model[i] != ABSENT;
    }
    check((status == ZX_ERR_ALREADY_EXISTS) == present, "pages that are there, or are not");
    check(status == ZX_OK || present || status == ZX_ERR_NO_RESOURCES, "added");
    if (status == ZX_OK) {
        set_model(page, pages, 0);
    }
}

static void read_page(uint32_t page) {
    uint8_t value = 0;
    const zx_status_t status = memory_read(page, &value);
    check(status == (model[page] == ABSENT ? ZX_ERR_NOT_FOUND : ZX_OK), "read");
    check(status != ZX_OK || value == model[page], "another value");
}

static void write_page(uint32_t page, uint8_t value) {
    const zx_status_t status = memory_write(page, value);
    check(status == (model[page] == ABSENT ? ZX_ERR_NOT_FOUND : ZX_OK), "written");
    if (status == ZX_OK) {
        model[page] = value;
    }
}

static void perform(const operation_t *operation) {
    const uint32_t page = operation->page % MEMORY_PAGES;
    const uint32_t pages = 1 + operation->value % OPERATION_PAGES;
    switch ((enum operation_kind)(operation->kind % OPERATION_KINDS)) {
    case OPERATION_READ:
        read_page(page);
        break;
    case OPERATION_ADD:
        add(page, pages);
        break;
    case OPERATION_REMOVE:
        check(memory_remove(vmar, page, pages) == ZX_OK, "removed");
        set_model(page, pages, ABSENT);
        break;
    case OPERATION_WRITE:
        write_page(page, operation->value);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    operation_t operation;
    if (guest == ZX_HANDLE_INVALID) {
        prepare();
    }
    set_model(0, MEMORY_PAGES + OPERATION_PAGES, ABSENT);
    for (size_t i = 0; i < MOST_OPERATIONS && (i + 1) * sizeof operation <= size; i++) {
        memcpy(&operation, data + i * sizeof operation, sizeof operation);
        perform(&operation);
    }
    check(memory_remove(vmar, 0, MEMORY_PAGES + OPERATION_PAGES) == ZX_OK, "all removed");
    return 0;
}
