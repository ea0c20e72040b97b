; SYSCALL at CPL 3 to CPL 0, and back by SYSRET to RBX = 1. At CPL 0: R8 CS, R9 SS, R10 RFLAGS, RCX
; and R11 as SYSCALL left them, RDX = the RIP that it should have saved. Back at CPL 3: R12 CS, R13 SS,
; R14 RFLAGS. With EBP = 32, back to compatibility mode: EBP CS, ESI SS, EBX = 2. Case 1 turns SYSCALL
; off first.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    mov ecx, 0xc0000081         ; STAR
    xor eax, eax
    mov edx, (CODE_32 | 3) << 16 | CODE_0
    wrmsr
    mov ecx, 0xc0000082         ; LSTAR
    mov eax, kernel
    xor edx, edx
    wrmsr
    mov ecx, 0xc0000084         ; SFMASK: IF and CF.
    mov eax, 0x201
    wrmsr
    xor ebx, ebx
    select_case enabled, disabled
disabled:
    mov ecx, 0xc0000080         ; EFER
    rdmsr
    and eax, ~1
    wrmsr
enabled:
    enter_user .user
.user:
    mov edx, .back
    mov r15d, .call
    stc
.call:
    syscall
.back:
    mov r12d, cs
    mov r13d, ss
    mov rcx, rsp
    pushfq
    pop r14
    mov rdi, rsp
    mov ebx, 1
    done
kernel:
    mov r8d, cs
    mov r9d, ss
    mov rsi, rsp
    mov rsp, STACK_0
    pushfq
    pop r10
    mov rsp, rsi
    done
    cmp ebp, 32
    je .compatible
    o64 sysret
.compatible:
    mov rcx, 0xffff800000000000 + compatible
    sysret
    bits 32
compatible:
    mov ebp, cs
    mov esi, ss
    mov ebx, 2
    mov dword [EXIT_PAGE], 0
    bits 64
    report_vector
    tables
