; Reads the paravirtual clock at 0x40000 RCX times, as a guest's kernel does, with an exit after each
; of the first RDX readings. R8 = how often the time went back, R9 = how often a reading had to be
; tried again, R10 = the last time.
%include "common.inc"
    bits 64
    org 0x10000
CLOCK equ 0x40000
    mov esp, STACK_0
    done
    mov r14, rcx
    mov r15, rdx
    mov ecx, 0x4b564d01
    mov eax, CLOCK | 1
    xor edx, edx
    wrmsr
    xor r8d, r8d
    xor r9d, r9d
    xor r10d, r10d
next:
    mov r11d, [abs CLOCK]
    test r11d, 1
    jnz retry
    rdtsc
    shl rdx, 32
    or rax, rdx
    sub rax, [abs CLOCK + 8]
    movsx ecx, byte [abs CLOCK + 28]
    shl rax, cl                 ; The shift of a clock of 1 GHz is not negative.
    mov edx, [abs CLOCK + 24]
    mul rdx
    shrd rax, rdx, 32
    add rax, [abs CLOCK + 16]
    cmp r11d, [abs CLOCK]
    jne retry
    cmp rax, r10
    adc r8, 0
    mov r10, rax
    test r15, r15
    jz same
    dec r15
    xor eax, eax
    cpuid
same:
    dec r14
    jnz next
    done
retry:
    inc r9
    jmp next
