; Computes in RBX what depends on every one of RDI steps: x = x * 1664525 + step, through memory.
; Ends, and does the same again with the registers that the client writes then.
; RSI: 0 at CPL 0, 1 at CPL 3, 2 at CPL 3 with a SYSCALL in each step that does the addition.
%include "common.inc"
    bits 64
    org 0x10000
    mov r14, rdi
    load_tables
    mov rdi, r14
    mov ecx, 0xc0000081         ; STAR
    xor eax, eax
    mov edx, CODE_32 << 16 | CODE_0
    wrmsr
    mov ecx, 0xc0000082         ; LSTAR
    mov eax, system_call
    xor edx, edx
    wrmsr
    mov r13d, 1664525
    cmp esi, 1
    jb again
    enter_user again
again:
    mov ebx, 1
steps:
    imul rbx, r13
    push rbx
    cmp esi, 2
    je .call
    add [rsp], rdi
    jmp .next
.call:
    syscall
.next:
    pop rbx
    dec rdi
    jnz steps
    done
    jmp again
system_call:
    add [rsp], rdi
    o64 sysret
on_vector:
    mov rbx, -1
    done
    tables
