// SPDX-License-Identifier: MIT
//
// Faults on Windows. A vectored handler is the first to see one and takes what is the library's
// own: a copy of client memory, a view that is mapped anew, a store that is watched, a division. It
// leaves all others to the program's __try blocks, and only what none of those takes comes to the
// filter of unhandled exceptions, where the watcher of faults is told. Windows looks for __try
// blocks on a client's own stack too, but has no such filter there: for code that has no block the
// watcher is told at once.

#include "platform/windows_context.h"

#include "platform/division.h"
#include "platform/faults.h"
#include "platform/platform.h"
#include "platform/store_faults.h"
#include "platform/windows_memory.h"

#include <stdatomic.h>

static _Atomic(platform_fault_fn *) watcher;
static _Atomic(platform_store_fn *) store_watcher;

#if defined(WINDOWS_CONTEXT_REGISTERS)

static bool is_access(const EXCEPTION_RECORD *record) {
    return (record->ExceptionCode == EXCEPTION_ACCESS_VIOLATION ||
            record->ExceptionCode == EXCEPTION_IN_PAGE_ERROR) &&
           record->NumberParameters >= 2;
}

// --- The copy of client memory ---

// Returns 0; 1 when a byte could not be read or written, and then *fault is its address. What goes
// wrong between its labels goes on at the last one, with the address in RDX.
int windows_copy(void *destination, const void *source, size_t size, uintptr_t *fault);
extern const unsigned char windows_copy_start[];
extern const unsigned char windows_copy_end[];
extern const unsigned char windows_copy_failed[];
__asm__(".text\n"
        ".globl windows_copy, windows_copy_start, windows_copy_end, windows_copy_failed\n"
        "windows_copy:\n"
        "    movq %rdi, %r10\n"
        "    movq %rsi, %r11\n"
        "    movq %rcx, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    movq %r8, %rcx\n"
        "windows_copy_start:\n"
        "    rep movsb\n"
        "windows_copy_end:\n"
        "    movq %r10, %rdi\n"
        "    movq %r11, %rsi\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "windows_copy_failed:\n"
        "    movq %r10, %rdi\n"
        "    movq %r11, %rsi\n"
        "    movq %rdx, (%r9)\n"
        "    movl $1, %eax\n"
        "    ret\n");

// A page that tells of its first access, such as that at the end of another thread's stack. Windows
// has made an ordinary one of it; it tells again of the next access.
static bool is_guard(const EXCEPTION_RECORD *record) {
    return record->ExceptionCode == EXCEPTION_GUARD_PAGE && record->NumberParameters >= 2;
}

static void guard_again(uintptr_t address) {
    MEMORY_BASIC_INFORMATION page;
    DWORD before = 0;
    if (VirtualQuery((void *)address, &page, sizeof(page)) != 0) {
        VirtualProtect((void *)address, 1, page.Protect | PAGE_GUARD, &before);
    }
}

// An address that the processor cannot represent is reported as the last one.
static bool leave_copy(const EXCEPTION_RECORD *record, CONTEXT *context) {
    if ((!is_access(record) && !is_guard(record)) || context->Rip < (uintptr_t)windows_copy_start ||
        context->Rip >= (uintptr_t)windows_copy_end) {
        return false;
    }
    const uintptr_t address = record->ExceptionInformation[1];
    context->Rdx = address == UINTPTR_MAX ? 0 : address;
    context->Rip = (uintptr_t)windows_copy_failed;
    if (is_guard(record)) {
        guard_again(address);
    }
    return true;
}

// --- What else is the library's own ---

static bool complete_division(const EXCEPTION_RECORD *record, CONTEXT *context) {
    struct division_registers registers = {
        .instruction = context->Rip,
        .rax = context->Rax,
        .rdx = context->Rdx,
    };
    if ((record->ExceptionCode != EXCEPTION_INT_OVERFLOW &&
         record->ExceptionCode != EXCEPTION_INT_DIVIDE_BY_ZERO) ||
        !division_complete(&registers)) {
        return false;
    }
    context->Rip = registers.instruction;
    context->Rax = registers.rax;
    context->Rdx = registers.rdx;
    return true;
}

static bool is_tried_again(const EXCEPTION_RECORD *record) {
    if (!is_access(record)) {
        return false;
    }
    const enum windows_access access = (enum windows_access)record->ExceptionInformation[0];
    const uintptr_t address = record->ExceptionInformation[1];
    platform_store_fn *told = atomic_load(&store_watcher);
    return windows_ranges_is_back(address, access) ||
           (access == WINDOWS_WRITES && told != NULL && told(address));
}

static bool is_first_touch(const EXCEPTION_RECORD *record) {
    return is_access(record) && windows_ranges_touch(record->ExceptionInformation[1]);
}

// Unicorn reserves the buffer for its code and commits it as it comes to it, 4 MiB at a time, by a
// handler of its own; of the last 4 MiB that asks for more than there is, and the process ends
// (2.1.3). So the rest of a reservation of that kind is committed here.
static bool is_rest_of_code(const EXCEPTION_RECORD *record) {
    enum { STEP = 4 << 20 };
    MEMORY_BASIC_INFORMATION part;
    if (!is_access(record) || record->ExceptionInformation[0] != WINDOWS_WRITES) {
        return false;
    }
    void *address = (void *)record->ExceptionInformation[1];
    return VirtualQuery(address, &part, sizeof(part)) != 0 && part.State == MEM_RESERVE &&
           part.AllocationProtect == PAGE_EXECUTE_READWRITE && part.RegionSize <= STEP &&
           VirtualAlloc(part.BaseAddress, part.RegionSize, MEM_COMMIT, PAGE_EXECUTE_READWRITE) !=
               NULL;
}

// --- The client's ---

enum {
    VECTOR_DIVISION = 0,
    VECTOR_DEBUG = 1,
    VECTOR_BREAKPOINT = 3,
    VECTOR_UNDEFINED = 6,
    VECTOR_PROTECTION = 13,
    VECTOR_PAGE = 14,
    VECTOR_X87 = 16,
    VECTOR_ALIGNMENT = 17,
    VECTOR_SIMD = 19,
};

// The bits of a page fault's error code.
enum { PAGE_IS_THERE = 1, PAGE_WRITE = 2, PAGE_USER = 4, PAGE_FETCH = 16 };

static bool is_page_fault(const EXCEPTION_RECORD *record) {
    return is_access(record) && record->ExceptionInformation[1] != UINTPTR_MAX;
}

// Takes a lock, so the thread must not be stopped in here.
static struct platform_fault page_fault(const EXCEPTION_RECORD *record) {
    const ULONG_PTR access = record->ExceptionInformation[0];
    const uintptr_t address = record->ExceptionInformation[1];
    MEMORY_BASIC_INFORMATION page = {.State = MEM_FREE};
    VirtualQuery((void *)address, &page, sizeof(page));
    const bool there = page.State == MEM_COMMIT && page.Protect != PAGE_NOACCESS;
    zx_status_t why = page.State == MEM_FREE ? ZX_ERR_NOT_FOUND : ZX_ERR_ACCESS_DENIED;
    if (windows_ranges_ends_before(address)) {
        why = ZX_ERR_OUT_OF_RANGE;
    }
    return (struct platform_fault){
        .type = ZX_EXCP_FATAL_PAGE_FAULT,
        .x86_64 = {.vector = VECTOR_PAGE,
                   .err_code = PAGE_USER | (there ? PAGE_IS_THERE : 0u) |
                               (access == WINDOWS_WRITES ? PAGE_WRITE : 0u) |
                               (access == WINDOWS_EXECUTES ? PAGE_FETCH : 0u),
                   .cr2 = address},
        .synth_code = (uint32_t)why,
    };
}

static struct platform_fault other_fault(zx_excp_type_t type, uint64_t vector) {
    return (struct platform_fault){.type = type, .x86_64 = {.vector = vector}};
}

// All but the details of a page fault. False for what is no fault of the processor's, such as an
// exception of C++.
static bool describe(const EXCEPTION_RECORD *record, struct platform_fault *out) {
    switch (record->ExceptionCode) {
    case EXCEPTION_ACCESS_VIOLATION:
    case EXCEPTION_IN_PAGE_ERROR:
        *out = is_page_fault(record) ? other_fault(ZX_EXCP_FATAL_PAGE_FAULT, VECTOR_PAGE)
                                     : other_fault(ZX_EXCP_GENERAL, VECTOR_PROTECTION);
        return true;
    case EXCEPTION_BREAKPOINT:
        *out = other_fault(ZX_EXCP_SW_BREAKPOINT, VECTOR_BREAKPOINT);
        return true;
    case EXCEPTION_SINGLE_STEP:
        *out = other_fault(ZX_EXCP_HW_BREAKPOINT, VECTOR_DEBUG);
        return true;
    case EXCEPTION_ILLEGAL_INSTRUCTION:
        *out = other_fault(ZX_EXCP_UNDEFINED_INSTRUCTION, VECTOR_UNDEFINED);
        return true;
    case EXCEPTION_PRIV_INSTRUCTION:
        *out = other_fault(ZX_EXCP_GENERAL, VECTOR_PROTECTION);
        return true;
    case EXCEPTION_DATATYPE_MISALIGNMENT:
        *out = other_fault(ZX_EXCP_GENERAL, VECTOR_ALIGNMENT);
        return true;
    case EXCEPTION_INT_DIVIDE_BY_ZERO:
    case EXCEPTION_INT_OVERFLOW:
        *out = other_fault(ZX_EXCP_GENERAL, VECTOR_DIVISION);
        return true;
    case EXCEPTION_FLT_DENORMAL_OPERAND:
    case EXCEPTION_FLT_DIVIDE_BY_ZERO:
    case EXCEPTION_FLT_INEXACT_RESULT:
    case EXCEPTION_FLT_INVALID_OPERATION:
    case EXCEPTION_FLT_OVERFLOW:
    case EXCEPTION_FLT_STACK_CHECK:
    case EXCEPTION_FLT_UNDERFLOW:
        *out = other_fault(ZX_EXCP_GENERAL, VECTOR_X87);
        return true;
    case STATUS_FLOAT_MULTIPLE_FAULTS:
    case STATUS_FLOAT_MULTIPLE_TRAPS:
        *out = other_fault(ZX_EXCP_GENERAL, VECTOR_SIMD);
        return true;
    default:
        return false;
    }
}

// Windows has the address of a breakpoint's instruction where the processor has the next one.
static bool tell(EXCEPTION_POINTERS *pointers) {
    platform_fault_fn *told = atomic_load(&watcher);
    struct platform_fault fault;
    if (told == NULL || !describe(pointers->ExceptionRecord, &fault)) {
        return false;
    }
    if (is_page_fault(pointers->ExceptionRecord)) {
        fault = page_fault(pointers->ExceptionRecord);
    }
    CONTEXT *host = pointers->ContextRecord;
    const DWORD64 instruction = host->Rip;
    host->Rip += fault.type == ZX_EXCP_SW_BREAKPOINT ? 1 : 0;
    struct platform_context context = windows_context(host);
    const bool goes_on = told(&fault, &context);
    if (!goes_on) {
        host->Rip = instruction;
    }
    return goes_on;
}

// Whether a function that has called what faulted has a handler of exceptions. The stack is read no
// further than it goes.
static bool has_handler(const CONTEXT *faulted) {
    enum { MOST_FRAMES = 200 };
    const NT_TIB *block = windows_thread_block();
    CONTEXT frame = *faulted;
    for (int i = 0; i < MOST_FRAMES; i++) {
        if (frame.Rsp < (uintptr_t)block->StackLimit ||
            frame.Rsp > (uintptr_t)block->StackBase - sizeof(DWORD64) || frame.Rip == 0) {
            return false;
        }
        DWORD64 image = 0;
        PRUNTIME_FUNCTION function = RtlLookupFunctionEntry(frame.Rip, &image, NULL);
        if (function == NULL) {
            frame.Rip = *(const DWORD64 *)(uintptr_t)frame.Rsp;
            frame.Rsp += sizeof(DWORD64);
            continue;
        }
        PVOID data = NULL;
        DWORD64 establisher = 0;
        if (RtlVirtualUnwind(UNW_FLAG_EHANDLER, image, frame.Rip, function, &frame, &data,
                             &establisher, NULL) != NULL) {
            return true;
        }
    }
    return false;
}

static LONG handled(bool was_busy, bool goes_on, CONTEXT *context, DWORD error) {
    const bool stopped = windows_handler_leave(was_busy, context);
    SetLastError(error);
    return goes_on || stopped ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

static LONG CALLBACK first_look(EXCEPTION_POINTERS *pointers) {
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;
    CONTEXT *context = pointers->ContextRecord;
    struct platform_fault fault;
    if (!describe(record, &fault) && !is_guard(record)) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    const DWORD error = GetLastError();
    const bool was_busy = windows_handler_enter();
    const bool goes_on = is_first_touch(record) || leave_copy(record, context) ||
                         complete_division(record, context) || is_tried_again(record) ||
                         is_rest_of_code(record) ||
                         (windows_is_away() && !has_handler(context) && tell(pointers));
    return handled(was_busy, goes_on, context, error);
}

static LPTOP_LEVEL_EXCEPTION_FILTER next_filter;

static LONG CALLBACK last_look(EXCEPTION_POINTERS *pointers) {
    const DWORD error = GetLastError();
    const bool was_busy = windows_handler_enter();
    const LONG answer = handled(was_busy, tell(pointers), pointers->ContextRecord, error);
    return answer == EXCEPTION_CONTINUE_SEARCH && next_filter != NULL ? next_filter(pointers)
                                                                      : answer;
}

static bool taken;

static void take_first_look(void) {
    windows_stay_loaded();
    taken = AddVectoredExceptionHandler(1, first_look) != NULL;
}

static bool take_faults(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, take_first_look);
    return taken;
}

static void take_last_look(void) {
    next_filter = SetUnhandledExceptionFilter(last_look);
}

bool platform_watch_faults(platform_fault_fn *function) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    atomic_store(&watcher, function);
    platform_call_once(&once, take_last_look);
    return take_faults();
}

bool platform_watch_stores(platform_store_fn *on_store) {
    atomic_store(&store_watcher, on_store);
    return take_faults();
}

bool platform_copy_or_fault(void *destination, const void *source, size_t size,
                            uintptr_t *fault_address) {
    *fault_address = 0;
    if (size == 0) {
        return true;
    }
    return destination != NULL && source != NULL && take_faults() &&
           windows_copy(destination, source, size, fault_address) == 0;
}

void platform_let_divide(void) {
}

bool platform_learn_division(void (*divide)(void *context), void *context) {
    if (!take_faults()) {
        return false;
    }
    division_learning(true);
    divide(context);
    division_learning(false);
    return true;
}

#else

bool platform_watch_faults(platform_fault_fn *function) {
    (void)function;
    return false;
}

bool platform_watch_stores(platform_store_fn *on_store) {
    (void)on_store;
    return false;
}

// The kernel does the copy and tells of a bad pointer: a system call each time.
bool platform_copy_or_fault(void *destination, const void *source, size_t size,
                            uintptr_t *fault_address) {
    SIZE_T done = 0;
    *fault_address = 0;
    return size == 0 || (ReadProcessMemory(GetCurrentProcess(), source, destination, size, &done) &&
                         done == size);
}

void platform_let_divide(void) {
}

bool platform_learn_division(void (*divide)(void *context), void *context) {
    divide(context);
    return true;
}

#endif

bool platform_copy(void *destination, const void *source, size_t size) {
    uintptr_t fault_address = 0;
    return platform_copy_or_fault(destination, source, size, &fault_address);
}
