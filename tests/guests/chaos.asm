; Runs whatever bytes are at CHAOS, in the mode that the case names, and goes on after exceptions one
; byte further, up to 64 times.
%include "common.inc"
CHAOS    equ 0x20000
TAKEN    equ 0x8000
    bits 64
    org 0x10000
    load_tables
    select_case kernel_64, user_64, user_32, kernel_32, kernel_16
kernel_64:
    jmp CHAOS
user_64:
    push DATA_3 | 3
    push 0x60000
    push 0x3202                 ; IOPL 3: ports are reached.
    push CODE_3 | 3
    push CHAOS
    iretq
user_32:
    push DATA_3 | 3
    push 0x60000
    push 0x202
    push CODE_32 | 3
    push CHAOS
    iretq
kernel_32:
    push DATA_0
    push 0x60000
    push 0x202
    push CODE_K32
    push CHAOS
    iretq
kernel_16:
    push DATA_0
    push 0x60000
    push 0x202
    push CODE_K16
    push CHAOS & 0xffff
    iretq
on_vector:
    inc dword [abs TAKEN]
    cmp dword [abs TAKEN], 64
    ja .end
    cmp eax, 8
    je .with_code
    cmp eax, 10
    jb .go_on
    cmp eax, 14
    jbe .with_code
    cmp eax, 17
    jne .go_on
.with_code:
    add rsp, 8
.go_on:
    inc qword [rsp]
    iretq
.end:
    done
    tables
