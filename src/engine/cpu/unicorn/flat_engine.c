// SPDX-License-Identifier: MIT
// Opening a Unicorn engine and taking it through VMRUN.
#include "engine/cpu/unicorn/flat_engine.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/msr.h"
#include "objects/log.h"
#include "objects/refusal.h"
#include "platform/platform.h"

zx_status_t flat_engine_check(uc_err error, const char *what) {
    if (error == UC_ERR_OK) {
        return ZX_OK;
    }
    log_line(ZIRCONIA_LOG_ERROR, "Unicorn: %s: %s", what, uc_strerror(error));
    return error == UC_ERR_NOMEM ? ZX_ERR_NO_MEMORY : ZX_ERR_INTERNAL;
}

// Another thread may take the memory between this and Unicorn's own allocations; nothing can be
// done about that from outside.
zx_status_t flat_engine_ask(void) {
    switch (platform_ask_executable(FLAT_ENGINE_CODE_SIZE + FLAT_ENGINE_OTHER_SIZE)) {
    case PLATFORM_GRANTED:
        return ZX_OK;
    case PLATFORM_EXHAUSTED:
        log_line(ZIRCONIA_LOG_ERROR,
                 "an engine takes %u MiB of address space, which the host refuses",
                 (FLAT_ENGINE_CODE_SIZE + FLAT_ENGINE_OTHER_SIZE) >> 20);
        return ZX_ERR_NO_MEMORY;
    case PLATFORM_FORBIDDEN:
        break;
    }
    log_line(ZIRCONIA_LOG_ERROR, "the host forbids memory that is both writable and executable, "
                                 "which Unicorn needs for the code that it translates to");
    return refuse(ZX_ERR_NOT_SUPPORTED, "the host forbids memory that is writable and executable");
}

// LeakSanitizer's, where the program has it.
#if defined(__ELF__)
__attribute__((weak)) void __lsan_disable(void); // NOLINT(bugprone-reserved-identifier)
__attribute__((weak)) void __lsan_enable(void);  // NOLINT(bugprone-reserved-identifier)
#endif

static void watch_leaks(bool on) {
#if defined(__ELF__)
    if (__lsan_disable != NULL && __lsan_enable != NULL) {
        (on ? __lsan_enable : __lsan_disable)();
    }
#else
    (void)on;
#endif
}

static uc_err configure(uc_engine *engine, uint8_t *hidden, uint8_t *arena) {
    uc_err error = uc_ctl_set_cpu_model(engine, UC_CPU_X86_EPYC);
    if (error == UC_ERR_OK) {
        error = uc_ctl_set_tcg_buffer_size(engine, FLAT_ENGINE_CODE_SIZE);
    }
    if (error == UC_ERR_OK) {
        error = uc_mem_map_ptr(engine, HIDDEN_BASE, HIDDEN_SIZE, UC_PROT_ALL, hidden);
    }
    if (error == UC_ERR_OK && arena != NULL) {
        // Not executable: so each byte is shown to a hook before it is translated.
        error = uc_mem_map_ptr(engine, ARENA_BASE, ARENA_SIZE, UC_PROT_READ | UC_PROT_WRITE, arena);
    }
    // Without an (empty) set of exits, Unicorn treats address 0 as the end of every run.
    if (error == UC_ERR_OK) {
        error = uc_ctl_exits_enable(engine);
    }
    uint64_t none = 0;
    if (error == UC_ERR_OK) {
        error = uc_ctl_set_exits(engine, &none, 0);
    }
    return error;
}

#if defined(__aarch64__)

// On arm64 what any engine translates leaves through code in the buffer of the engine that was
// begun last before that. So no buffer may go while there is another engine.
struct ended {
    struct ended *next;
    uc_engine *engine;
};

static struct platform_mutex lock = PLATFORM_MUTEX_INIT(LOCK_ENDED_ENGINES);
static struct ended *ended GUARDED_BY(lock);
static atomic_uint open_count; // Changes with the lock.
static atomic_bool some_wait;

static void note_open(void) {
    platform_mutex_lock(&lock);
    atomic_fetch_add(&open_count, 1);
    platform_mutex_unlock(&lock);
}

static void close_ended(void) REQUIRES(lock) {
    while (ended != NULL) {
        struct ended *next = ended->next;
        uc_close(ended->engine);
        free(ended);
        ended = next;
    }
}

// Without memory for the note it is never closed.
void flat_engine_close(uc_engine *engine) {
    struct ended *note = malloc(sizeof *note);
    platform_mutex_lock(&lock);
    if (note != NULL) {
        *note = (struct ended){ended, engine};
        ended = note;
    }
    if (atomic_fetch_sub(&open_count, 1) == 1) {
        close_ended();
    }
    atomic_store(&some_wait, ended != NULL);
    platform_mutex_unlock(&lock);
}

bool flat_engine_some_wait_for(unsigned count) {
    return atomic_load(&some_wait) && atomic_load(&open_count) == count;
}

#else

static void note_open(void) {
}

void flat_engine_close(uc_engine *engine) {
    uc_close(engine);
}

bool flat_engine_some_wait_for(unsigned count) {
    (void)count;
    return false;
}

#endif

zx_status_t flat_engine_open(uint8_t *hidden, uint8_t *arena, uc_engine **out) {
    const zx_status_t status = flat_engine_ask();
    if (status != ZX_OK) {
        return status;
    }
    uc_engine *engine = NULL;
    uc_err error = uc_open(UC_ARCH_X86, UC_MODE_64, &engine); // It begins with its first use.
    if (error != UC_ERR_OK) {
        return flat_engine_check(error, "opening an engine");
    }
    note_open();
    // Unicorn never frees one array of 32 bytes that its first call makes. What uc_open() made is
    // watched: an engine that is left open is still a leak.
    watch_leaks(false);
    error = configure(engine, hidden, arena);
    watch_leaks(true);
    if (error != UC_ERR_OK) {
        flat_engine_close(engine);
        return flat_engine_check(error, "setting up an engine");
    }
    *out = engine;
    return ZX_OK;
}

struct launch {
    uc_context *save;
    uint32_t exit;
    uc_err error;
    bool announces;
};

static void launch_exit(uc_engine *engine, uint32_t exit, void *context) {
    struct launch *launch = context;
    launch->exit = exit;
    if (launch->save != NULL) {
        launch->error = uc_context_save(engine, launch->save);
    }
    // The virtual interrupt stays latched for good; without IF it does not exit again.
    uint64_t flags = RFLAGS_FIXED;
    uc_reg_write(engine, UC_X86_REG_RFLAGS, &flags);
    uc_emu_stop(engine);
}

static void launch_translated(uc_engine *engine, uc_tb *block, uc_tb *previous, void *context) {
    struct launch *launch = context;
    (void)engine;
    (void)block;
    (void)previous;
    launch->announces = true;
}

static uc_err launch_registers(uc_engine *engine) {
    uc_x86_msr host_save = {AMD_VM_HSAVE_PA, HIDDEN_BASE + HIDDEN_HOST_SAVE};
    uc_x86_msr efer = {IA32_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME};
    uc_x86_msr pat = {IA32_PAT, FLAT_ENGINE_PAT};
    uint64_t vmcb = HIDDEN_BASE + HIDDEN_VMCB;
    uint64_t cr4 = CR4_PAE | CR4_OSXSAVE; // the nested walk takes its format from this CR4
    uint64_t xcr0 = FLAT_ENGINE_XCR0;
    uint64_t mxcsr = 0x1f80; // Reset, which Unicorn leaves to whoever opens it.
    uint64_t zero = 0;
    uc_err error = uc_reg_write(engine, UC_X86_REG_MSR, &efer);
    if (error == UC_ERR_OK) {
        error = uc_reg_write(engine, UC_X86_REG_MSR, &host_save);
    }
    if (error == UC_ERR_OK) {
        error = uc_reg_write(engine, UC_X86_REG_MSR, &pat);
    }
    const struct {
        int id;
        uint64_t *value;
    } registers[] = {
        {UC_X86_REG_RBX, &cr4},  {UC_X86_REG_RAX, &xcr0}, {UC_X86_REG_RCX, &zero},
        {UC_X86_REG_RDX, &zero}, {UC_X86_REG_RSI, &vmcb}, {UC_X86_REG_MXCSR, &mxcsr},
    };
    for (unsigned i = 0; error == UC_ERR_OK && i < sizeof registers / sizeof registers[0]; i++) {
        error = uc_reg_write(engine, registers[i].id, registers[i].value);
    }
    return error;
}

static uc_err launch_run(uc_engine *engine, struct launch *launch) {
    uc_hook exits = 0;
    uc_hook translations = 0;
    uc_err error = uc_hook_add(engine, &exits, UC_HOOK_INTR, (void *)launch_exit, launch, 1, 0);
    if (error != UC_ERR_OK) {
        return error;
    }
    error = uc_hook_add(engine, &translations, UC_HOOK_EDGE_GENERATED, (void *)launch_translated,
                        launch, 1, 0);
    if (error == UC_ERR_OK) {
        error = uc_emu_start(engine, HIDDEN_BASE + HIDDEN_LAUNCH_CODE, 0, 0, 0);
        uc_hook_del(engine, translations);
    }
    uc_hook_del(engine, exits);
    return error != UC_ERR_OK ? error : launch->error;
}

zx_status_t flat_engine_launch(uc_engine *engine, uint8_t *hidden, uc_context *save,
                               bool *announces) {
    static const uint8_t code[] = {
        0x0f, 0x22, 0xe3, // mov cr4, rbx
        0x0f, 0x01, 0xd1, // xsetbv
        0xdb, 0xe3,       // fninit
        0x48, 0x89, 0xf0, // mov rax, rsi
        0x0f, 0x01, 0xda, // vmload rax
        0x0f, 0x01, 0xd8, // vmrun rax
        0xf4,             // hlt: reached only if VMRUN failed
    };
    memcpy(hidden + HIDDEN_LAUNCH_CODE, code, sizeof code);
    struct launch launch = {.save = save};
    uc_err error = launch_registers(engine);
    if (error == UC_ERR_OK) {
        error = launch_run(engine, &launch);
    }
    if (error != UC_ERR_OK) {
        return flat_engine_check(error, "starting guest mode");
    }
    if (launch.exit != 0x100 + SVM_VIRTUAL_INTERRUPT) {
        log_line(ZIRCONIA_LOG_ERROR, "Unicorn: guest mode did not start (exit 0x%x)", launch.exit);
        return refuse(ZX_ERR_NOT_SUPPORTED, "guest mode did not start");
    }
    if (announces != NULL) {
        *announces = launch.announces;
    }
    return ZX_OK;
}
