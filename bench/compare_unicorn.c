// SPDX-License-Identifier: MIT
//
// `compare_unicorn IMAGE` runs compare.asm on bare Unicorn, with hooks for IN and OUT only: they
// answer the guest inside the run, as a program that only emulates would let them.

#include "compare_ports.h"

#include <unicorn/unicorn.h>

static uint64_t ioapic_select;

static void check(uc_err error, const char *what) {
    if (error != UC_ERR_OK) {
        compare_fail(what, uc_strerror(error));
    }
}

static uint32_t on_input(uc_engine *engine, uint32_t port, int size, void *context) {
    (void)engine;
    (void)size;
    (void)context;
    return compare_input(port);
}

static void on_output(uc_engine *engine, uint32_t port, int size, uint32_t value, void *context) {
    (void)engine;
    (void)size;
    (void)context;
    compare_output(port, (uint8_t)value);
}

static uint64_t on_load(uc_engine *engine, uint64_t offset, unsigned size, void *context) {
    (void)engine;
    (void)size;
    (void)context;
    return offset == 0 ? ioapic_select : 0;
}

static void on_store(uc_engine *engine, uint64_t offset, unsigned size, uint64_t value,
                     void *context) {
    (void)engine;
    (void)size;
    (void)context;
    if (offset == 0) {
        ioapic_select = value;
    }
}

int main(int argc, char **argv) {
    static uint8_t image[COMPARE_IMAGE_MAX];
    uc_engine *engine;
    uc_hook hook;
    if (argc != 2) {
        compare_fail("usage", "compare_unicorn IMAGE");
    }
    const uint64_t size = compare_read_image(argv[1], image);
    check(uc_open(UC_ARCH_X86, UC_MODE_64, &engine), "opening an engine");
    check(uc_mem_map(engine, 0, COMPARE_MEMORY_SIZE, UC_PROT_ALL), "mapping memory");
    check(uc_mmio_map(engine, COMPARE_IOAPIC, COMPARE_IOAPIC_SIZE, on_load, NULL, on_store, NULL),
          "mapping a device");
    check(uc_mem_write(engine, COMPARE_ENTRY, image, size), "writing memory");
    check(uc_hook_add(engine, &hook, UC_HOOK_INSN, (void *)on_input, NULL, 1, 0, UC_X86_INS_IN),
          "hooking IN");
    check(uc_hook_add(engine, &hook, UC_HOOK_INSN, (void *)on_output, NULL, 1, 0, UC_X86_INS_OUT),
          "hooking OUT");
    check(uc_emu_start(engine, COMPARE_ENTRY, 0, 0, 0), "running");
    compare_fail("running", "the guest ended");
}
