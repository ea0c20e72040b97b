// SPDX-License-Identifier: MIT
//
// Bare Unicorn, as a program that only emulates would use it.

#include "bare.h"

static void check(uc_err error, const char *what) {
    if (error != UC_ERR_OK) {
        bench_fail(what, uc_strerror(error));
    }
}

static void on_block(uc_engine *engine, uint64_t address, uint32_t size, void *context) {
    (void)engine;
    (void)address;
    (void)size;
    (void)context;
}

static void on_block_stop(uc_engine *engine, uint64_t address, uint32_t size, void *context) {
    (void)address;
    (void)size;
    struct bare *bare = context;
    bare->hooked++;
    uc_emu_stop(engine);
}

static int on_cpuid(uc_engine *engine, void *context) {
    (void)engine;
    struct bare *bare = context;
    bare->hooked++;
    return 1;
}

static void on_output(uc_engine *engine, uint32_t port, int size, uint32_t value, void *context) {
    (void)port;
    (void)size;
    (void)value;
    struct bare *bare = context;
    bare->hooked++;
    uc_emu_stop(engine);
}

static void add_hook(struct bare *bare, enum bare_hook kind) {
    uc_hook hook;
    uc_err error = UC_ERR_OK;
    if (kind == BARE_BLOCK_HOOK) {
        error = uc_hook_add(bare->engine, &hook, UC_HOOK_BLOCK, (void *)on_block, bare, 1, 0);
    } else if (kind == BARE_STOP_HOOK) {
        error = uc_hook_add(bare->engine, &hook, UC_HOOK_BLOCK, (void *)on_block_stop, bare, 1, 0);
    } else if (kind == BARE_CPUID_HOOK) {
        error = uc_hook_add(bare->engine, &hook, UC_HOOK_INSN, (void *)on_cpuid, bare, 1, 0,
                            UC_X86_INS_CPUID);
    } else if (kind == BARE_OUTPUT_HOOK) {
        error = uc_hook_add(bare->engine, &hook, UC_HOOK_INSN, (void *)on_output, bare, 1, 0,
                            UC_X86_INS_OUT);
    }
    check(error, "adding a hook");
}

void bare_open(struct bare *bare, enum bare_hook hook) {
    static uint8_t image[BENCH_IMAGE_MAX];
    const uint64_t size = bench_read_image(image);
    bare->hooked = 0;
    check(uc_open(UC_ARCH_X86, UC_MODE_64, &bare->engine), "opening an engine");
    check(uc_mem_map(bare->engine, 0, BENCH_MEMORY_SIZE, UC_PROT_ALL), "mapping memory");
    check(uc_mem_write(bare->engine, BENCH_ENTRY, image, size), "writing memory");
    add_hook(bare, hook);
}

void bare_close(struct bare *bare) {
    check(uc_close(bare->engine), "closing an engine");
}

uint64_t bare_run(struct bare *bare, enum program program, uint64_t count) {
    const uint64_t number = (uint64_t)program;
    const uint64_t stack = BENCH_STACK;
    uint64_t rip = BENCH_ENTRY;
    uint64_t rax = 0;
    check(uc_reg_write(bare->engine, UC_X86_REG_RDI, &number), "writing a register");
    check(uc_reg_write(bare->engine, UC_X86_REG_RSI, &count), "writing a register");
    check(uc_reg_write(bare->engine, UC_X86_REG_RSP, &stack), "writing a register");
    while (rip != BENCH_BARE_END) {
        check(uc_emu_start(bare->engine, rip, BENCH_BARE_END, 0, 0), "running bare Unicorn");
        check(uc_reg_read(bare->engine, UC_X86_REG_RIP, &rip), "reading a register");
    }
    check(uc_reg_read(bare->engine, UC_X86_REG_RAX, &rax), "reading a register");
    return rax;
}

void bare_start_and_stop(struct bare *bare, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        check(uc_emu_start(bare->engine, BENCH_ENTRY, BENCH_BARE_END, 0, 0), "an empty run");
    }
}
