; Hashes for ever, in rounds of 100 steps that must all come to the same. Ends when one does not: RBX
; what it came to, RBP what the first did. RSI: what each step has besides.
%include "common.inc"

STACK  equ 0x80000
SOURCE equ 0x20000
TARGET equ 0x20100
CELL   equ 0x20200

    bits 64
    org 0x10000
    mov r12, rsi
    xor ebp, ebp
    fninit
round:
    mov ebx, 1
    mov r8d, 100
step:
    mov esp, STACK
    mov rsi, r12
    select_case plain, exits, x87, modifies_itself, calls_into_own_page
exits:
    push rbx
    xor eax, eax
    cpuid
    pop rbx
    add rbx, rdx
    jmp plain
x87:
    mov [abs CELL], r8
    fild qword [abs CELL]
    fild qword [abs CELL]
    faddp
    fistp qword [abs CELL]
    add rbx, [abs CELL]
    jmp plain
modifies_itself:
    mov [abs .patched + 1], r8b
.patched:
    mov al, 0
    movzx eax, al
    add rbx, rax
    jmp plain
calls_into_own_page:
    mov esp, own_stack
    call mix
    add rbx, rax
    mov esp, STACK
plain:                          ; All of the flags, and what stops in the middle would do twice.
    mov esi, SOURCE
    mov edi, TARGET
    mov [rsi], rbx
    movsq
    push qword [rdi - 8]
    pop rax
    add rax, r8
    call mix
    adc rbx, rax
    mov [abs CELL], r8
    xadd [abs CELL], rbx
    adc rbx, [abs CELL]
    pushfq
    pop rdx
    xor rbx, rdx
    rol rbx, 7
    dec r8
    jnz step
    test rbp, rbp
    cmovz rbp, rbx
    cmp rbp, rbx
    je round
    done
    jmp $
mix:
    imul rax, r8, 1664525
    adc rbx, 0
    ret
    align 16
    times 4 dq 0
own_stack:
