; A boot processor's registers; see reset_values.inc. Then its LDT and task register.
%include "common.inc"
VALUES equ 0x20000
%define ACCUMULATOR rax
%include "reset_values.inc"
    bits 64
    default abs
    org 0x10000
    keep rax
    keep rcx
    keep rdx
    keep rbx
    keep rsp
    keep rbp
    keep rsi
    keep rdi
    keep r8
    keep r9
    keep r10
    keep r11
    keep r12
    keep r13
    keep r14
    keep r15
    mov esp, STACK_0
    pushfq
    pop rax
    keep rax
    fxsave64 [FXSAVE_AREA]
    keep_system_registers
    sldt eax
    keep eax
    str eax
    keep eax
    mov rax, cr8
    keep rax
    mov eax, 0xfffc             ; The last descriptor of the LDT: at base + 0xfff8.
    xor ebx, ebx
    lsl ebx, eax
    keep rbx
    done
