// SPDX-License-Identifier: MIT
//
// Which instructions exit, and which are the guest's own business (hypervisor ABI 4.4).

#include "execute.h"

#include <stdlib.h>

struct instruction {
    const char *name;
    const char *bytes;
    size_t length;
};

#define CODE(name, bytes)                                                                          \
    { name, bytes, sizeof(bytes) - 1 }

// RBX is the address of some memory. What needs a value has a sensible one in RAX, RCX or RDX.
static const struct instruction quiet[] = {
    CODE("MOV RAX, CR2", "\x0f\x20\xd0"),
    CODE("MOV CR2, RAX", "\x0f\x22\xd0"),
    CODE("MOV RAX, CR3; MOV CR3, RAX", "\x0f\x20\xd8\x0f\x22\xd8"),
    CODE("MOV RAX, CR4; MOV CR4, RAX", "\x0f\x20\xe0\x0f\x22\xe0"),
    CODE("MOV CR8, RDX", "\x44\x0f\x22\xc2"),
    CODE("MOV RAX, CR8", "\x44\x0f\x20\xc0"),
    CODE("MOV DR0, RBX", "\x0f\x23\xc3"),
    CODE("MOV RAX, DR7", "\x0f\x21\xf8"),
    CODE("RDTSC", "\x0f\x31"),
    CODE("RDTSCP", "\x0f\x01\xf9"),
    CODE("INVLPG [RBX]", "\x0f\x01\x3b"),
    CODE("WBINVD", "\x0f\x09"),
    CODE("CLFLUSH [RBX]", "\x0f\xae\x3b"),
    CODE("PAUSE", "\xf3\x90"),
    CODE("CLTS", "\x0f\x06"),
    CODE("SMSW EAX; LMSW AX", "\x0f\x01\xe0\x0f\x01\xf0"),
    CODE("SWAPGS; SWAPGS", "\x0f\x01\xf8\x0f\x01\xf8"),
    CODE("XGETBV", "\x31\xc9\x0f\x01\xd0"),
    CODE("SGDT [RBX]", "\x0f\x01\x03"),
    CODE("CLI", "\xfa"),
};

// Each runs to its end within one run call, without an exception.
START_TEST(instructions_that_do_not_exit_run) {
    execute_start();
    for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++) {
        zx_vcpu_state_t state = {.rbx = 0x300000, .rdx = 5};
        put_code_bytes(quiet[i].bytes, quiet[i].length);
        run_code(&state);
        ck_assert_msg(state.r10 == NO_VECTOR, "%s gives vector %llu", quiet[i].name,
                      (unsigned long long)state.r10);
    }
}
END_TEST

START_TEST(a_performance_counter_that_does_not_exist_is_refused) {
    execute_start();
    put_code("\x0f\x33"); // rdpmc
    zx_vcpu_state_t state = {.rcx = 0};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 13);
}
END_TEST

static const struct instruction exiting[] = {
    CODE("INVD", "\x0f\x08"),
    CODE("VMLAUNCH", "\x0f\x01\xc2"),
    CODE("VMRESUME", "\x0f\x01\xc3"),
    CODE("VMXOFF", "\x0f\x01\xc4"),
    CODE("VMPTRLD [RBX]", "\x0f\xc7\x33"),
    CODE("VMPTRST [RBX]", "\x0f\xc7\x3b"),
    CODE("VMCLEAR [RBX]", "\x66\x0f\xc7\x33"),
    CODE("VMXON [RBX]", "\xf3\x0f\xc7\x33"),
    CODE("VMREAD RBX, RAX", "\x0f\x78\xc3"),
    CODE("VMWRITE RAX, RBX", "\x0f\x79\xc3"),
    CODE("INVEPT RAX, [RBX]", "\x66\x0f\x38\x80\x03"),
    CODE("INVVPID RAX, [RBX]", "\x66\x0f\x38\x81\x03"),
};

START_TEST(instructions_that_exit_and_have_no_handler_are_not_supported_and_stay) {
    for (size_t i = 0; i < sizeof exiting / sizeof exiting[0]; i++) {
        execute_start();
        const zx_vcpu_state_t before = {.rbx = 0x300000, .rsp = EXECUTE_STACK, .r10 = NO_VECTOR};
        put_code_bytes(exiting[i].bytes, exiting[i].length);
        write_state(&before);
        for (unsigned j = 0; j < 2; j++) {
            zx_port_packet_t packet;
            const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
            ck_assert_msg(status == ZX_ERR_NOT_SUPPORTED, "%s: %d, vector %llu", exiting[i].name,
                          status, (unsigned long long)read_state().r10);
        }
        guest_close();
    }
}
END_TEST

// The first need what the guest's CR4 and the VMCS do not turn on, which is looked at before the
// exit; the others are not in CPUID.
static const struct instruction undefined[] = {
    CODE("GETSEC", "\x0f\x37"),
    CODE("VMFUNC", "\x0f\x01\xd4"),
    CODE("VMRUN", "\x0f\x01\xd8"),
    CODE("VMMCALL", "\x0f\x01\xd9"),
    CODE("VMLOAD", "\x0f\x01\xda"),
    CODE("VMSAVE", "\x0f\x01\xdb"),
    CODE("STGI", "\x0f\x01\xdc"),
    CODE("CLGI", "\x0f\x01\xdd"),
    CODE("SKINIT", "\x0f\x01\xde"),
    CODE("INVLPGA", "\x0f\x01\xdf"),
    CODE("RSM", "\x0f\xaa"),
    CODE("MONITOR", "\x0f\x01\xc8"),
    CODE("MWAIT", "\x0f\x01\xc9"),
    CODE("ECX := 1; MONITOR", "\x31\xc9\xff\xc1\x0f\x01\xc8"),
    CODE("ECX := 1; MWAIT", "\x31\xc9\xff\xc1\x0f\x01\xc9"),
    CODE("RDRAND EAX", "\x0f\xc7\xf0"),
    CODE("RDSEED EAX", "\x0f\xc7\xf8"),
    CODE("ADCX EAX, ECX", "\x66\x0f\x38\xf6\xc1"),
    CODE("ADOX EAX, ECX", "\xf3\x0f\x38\xf6\xc1"),
    CODE("ANDN EAX, ECX, EDX", "\xc4\xe2\x70\xf2\xc2"),
    CODE("VADDPS XMM0, XMM1, XMM2", "\xc5\xf0\x58\xc2"),
    CODE("VZEROUPPER", "\xc5\xf8\x77"),
    CODE("EXTRQ XMM0, XMM1", "\x66\x0f\x79\xc1"),
    CODE("MOVNTSD [RBX], XMM0", "\xf2\x0f\x2b\x03"),
    CODE("VADDPS ZMM0, ZMM0, ZMM0", "\x62\xf1\x7c\x48\x58\xc0"),
    CODE("PSRLW [RBX + 1], 0xEE", "\x0f\x71\x53\x01\xee"),
    CODE("PSLLD [RBX], 1", "\x0f\x72\x33\x01"),
    CODE("PSRLDQ [RBX + 1], 0xEE", "\x66\x0f\x73\x5b\x01\xee"),
    CODE("MOVMSKPS of memory, with LOCK BTS EAX, EAX inside", "\x0f\x50\x04\xf0\x0f\xab\xc0"),
    CODE("MOVMSKPD of memory, with OUT 0x80, AL inside", "\x66\x0f\x50\x04\xe6\x80\x90"),
    CODE("MOVQ2DQ XMM0, [RBX]", "\xf3\x0f\xd6\x03"),
    CODE("MOVDQ2Q MM0, [RBX]", "\xf2\x0f\xd6\x03"),
    CODE("REX.R PABSD MM4, MM1", "\x44\x0f\x38\x1e\xe1"),
    CODE("XBEGIN", "\xc7\xf8\x00\x00\x00\x00"),
    CODE("XABORT", "\xc6\xf8\x00"),
    CODE("UMONITOR RCX", "\xf3\x0f\xae\xf1"),
    CODE("UMWAIT ECX", "\xf2\x0f\xae\xf1"),
    CODE("TPAUSE ECX", "\x66\x0f\xae\xf1"),
    CODE("INCSSPD ECX", "\xf3\x0f\xae\xe9"),
    CODE("LLWPCB RCX", "\x8f\xe9\x78\x12\xc1"),
    CODE("8F /1 with memory", "\x8f\x0b"),
    CODE("REX.R PALIGNR MM4, MM1, 0", "\x44\x0f\x3a\x0f\xe1\x00"),
};

START_TEST(instructions_of_extensions_that_are_off_are_invalid_opcodes) {
    execute_start();
    for (size_t i = 0; i < sizeof undefined / sizeof undefined[0]; i++) {
        zx_vcpu_state_t state = {.rbx = 0x300000};
        zx_port_packet_t packet;
        put_code_bytes(undefined[i].bytes, undefined[i].length);
        state.r10 = NO_VECTOR;
        state.rsp = EXECUTE_STACK;
        write_state(&state);
        const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
        state = read_state();
        ck_assert_msg(status == ZX_OK && state.r10 == 6, "%s: %d, vector %llu", undefined[i].name,
                      status, (unsigned long long)state.r10);
    }
}
END_TEST

// RBX is the address of some memory.
static const struct instruction lockable[] = {
    CODE("ADD [RBX], EAX", "\xf0\x01\x03"),
    CODE("XOR AL to [RBX]", "\xf0\x30\x03"),
    CODE("AND QWORD [RBX], -8", "\xf0\x48\x83\x23\xf8"),
    CODE("XCHG [RBX], EAX", "\xf0\x87\x03"),
    CODE("NOT DWORD [RBX]", "\xf0\xf7\x13"),
    CODE("NEG DWORD [RBX]", "\xf0\xf7\x1b"),
    CODE("INC BYTE [RBX]", "\xf0\xfe\x03"),
    CODE("DEC DWORD [RBX]", "\xf0\xff\x0b"),
    CODE("BTS [RBX], EAX", "\xf0\x0f\xab\x03"),
    CODE("BTC DWORD [RBX], 3", "\xf0\x0f\xba\x3b\x03"),
    CODE("CMPXCHG [RBX], ECX", "\xf0\x0f\xb1\x0b"),
    CODE("XADD [RBX], ECX", "\xf0\x0f\xc1\x0b"),
    CODE("CMPXCHG8B [RBX]", "\xf0\x0f\xc7\x0b"),
};

static const struct instruction not_lockable[] = {
    CODE("NOP", "\xf0\x90"),
    CODE("MOV EAX, EBX", "\xf0\x89\xd8"),
    CODE("MOV [RBX], EAX", "\xf0\x89\x03"),
    CODE("ADD EAX, [RBX]", "\xf0\x03\x03"),
    CODE("ADD EAX, EBX", "\xf0\x01\xd8"),
    CODE("CMP [RBX], EAX", "\xf0\x39\x03"),
    CODE("CMP DWORD [RBX], 1", "\xf0\x83\x3b\x01"),
    CODE("TEST DWORD [RBX], 1", "\xf0\xf7\x03\x01\x00\x00\x00"),
    CODE("INC EAX", "\xf0\xff\xc0"),
    CODE("BT DWORD [RBX], 3", "\xf0\x0f\xba\x23\x03"),
    CODE("XADD ECX, EAX", "\xf0\x0f\xc1\xc1"),
    CODE("CPUID", "\xf0\x0f\xa2"),
    CODE("RDTSC", "\xf0\x0f\x31"),
    CODE("MOV RAX, CR0", "\xf0\x0f\x20\xc0"),
    CODE("PUSH RAX", "\x90\xf0\x50"),
};

// RBX is the address of 16 bytes that differ from RDX:RAX. The flags after the code, in RDI.
static uint64_t flags_after(const char *change, size_t change_size, const char *exchange,
                            size_t exchange_size) {
    static const char push_flags[] = "\x9c\x5f"; // pushfq; pop rdi
    char code[32];
    memcpy(code, change, change_size);
    memcpy(code + change_size, exchange, exchange_size);
    memcpy(code + change_size + exchange_size, push_flags, sizeof push_flags - 1);
    put_code_bytes(code, change_size + exchange_size + sizeof push_flags - 1);
    zx_vcpu_state_t state;
    for (int i = 0; i < 2; i++) { // The second time all is there, and in one block.
        state = (zx_vcpu_state_t){.rbx = 0x300000, .rax = 5, .rcx = 0xffffffff};
        run_code(&state);
        ck_assert_uint_eq(state.r10, NO_VECTOR);
    }
    return state.rdi;
}

START_TEST(a_double_compare_and_exchange_changes_no_flag_but_zf) {
    static const struct instruction changes[] = {
        CODE("ADD", "\x83\xc1\x01"),
        CODE("SUB", "\x83\xe9\x01"),
        CODE("INC", "\xff\xc1"),
        CODE("SHL", "\xd1\xe1"),
        CODE("AND; MOV", "\x21\xc9\x89\xce"),
        CODE("ADD; SETC", "\x83\xc1\x01\x0f\x92\xc1"),
    };
    static const struct instruction exchanges[] = {
        CODE("CMPXCHG8B [RBX]", "\x0f\xc7\x0b"),
        CODE("LOCK CMPXCHG16B [RBX]", "\xf0\x48\x0f\xc7\x0b"),
        CODE("CMPXCHG8B [RBX] twice", "\x0f\xc7\x0b\x0f\xc7\x0b"),
    };
    execute_start();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const uint64_t before = flags_after(changes[i].bytes, changes[i].length, "", 0);
        for (size_t j = 0; j < 2; j++) {
            const uint64_t after = flags_after(changes[i].bytes, changes[i].length,
                                               exchanges[j].bytes, exchanges[j].length);
            ck_assert_msg(after == (before & ~0x40ull), "%s, %s: %#llx, not %#llx", changes[i].name,
                          exchanges[j].name, (unsigned long long)after, (unsigned long long)before);
        }
        // The second finds what the first has brought.
        const uint64_t twice = flags_after(changes[i].bytes, changes[i].length, exchanges[2].bytes,
                                           exchanges[2].length);
        ck_assert_uint_eq(twice, before | 0x40);
    }
}
END_TEST

static uint64_t vector_of(const struct instruction *instruction) {
    zx_vcpu_state_t state = {.rbx = 0x300000};
    put_code_bytes(instruction->bytes, instruction->length);
    run_code(&state);
    return state.r10;
}

START_TEST(lock_is_an_invalid_opcode_but_before_what_changes_memory) {
    execute_start();
    for (size_t i = 0; i < sizeof lockable / sizeof lockable[0]; i++) {
        ck_assert_msg(vector_of(&lockable[i]) == NO_VECTOR, "LOCK %s", lockable[i].name);
    }
    for (size_t i = 0; i < sizeof not_lockable / sizeof not_lockable[0]; i++) {
        ck_assert_msg(vector_of(&not_lockable[i]) == 6, "LOCK %s", not_lockable[i].name);
    }
}
END_TEST

// REX and segment overrides mean nothing before VMCALL; 66, F2 and F3 make it another instruction.
START_TEST(vmcall_takes_the_prefixes_that_a_processor_takes) {
    static const struct instruction calls[] = {CODE("REX.W", "\x48" VMCALL),
                                               CODE("CS", "\x2e" VMCALL)};
    static const struct instruction others[] = {
        CODE("66", "\x66" VMCALL), CODE("F2", "\xf2" VMCALL), CODE("F3", "\xf3" VMCALL)};
    execute_start();
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        zx_vcpu_state_t state = {.rax = 77};
        put_code_bytes(calls[i].bytes, calls[i].length);
        run_code(&state);
        ck_assert_msg(state.r10 == NO_VECTOR && state.rax == (uint64_t)-1000, "%s", calls[i].name);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_msg(vector_of(&others[i]) == 6, "%s", others[i].name);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        instructions_that_do_not_exit_run,
        a_performance_counter_that_does_not_exist_is_refused,
        instructions_that_exit_and_have_no_handler_are_not_supported_and_stay,
        instructions_of_extensions_that_are_off_are_invalid_opcodes,
        lock_is_an_invalid_opcode_but_before_what_changes_memory,
        a_double_compare_and_exchange_changes_no_flag_but_zf,
        vmcall_takes_the_prefixes_that_a_processor_takes,
    };
    return run_tests("instructions", tests, sizeof tests / sizeof tests[0]);
}
