; Control and debug registers in 64-bit mode: what a write is answered with. `attempt` reports
; 0 if the instruction had no exception, or else its vector; the program goes on either way.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000

%macro attempt 1+
    mov r15, %%next
    %1
    xor eax, eax
    report_eax
%%next:
%endmacro

%macro low 1
    mov rax, %1
    report_eax
%endmacro

    load_tables
    mov r14, cr0
    mov rbx, 1 << 32
    ; CR0. At reset it reads 0x80010011.
    mov rax, r14
    or rax, rbx
    attempt mov cr0, rax                ; 13: upper half, in a write that does not exit.
    mov rax, r14
    and rax, ~1
    attempt mov cr0, rax                ; 13: paging without protection.
    mov rax, r14
    and eax, 0x7fffffff
    attempt mov cr0, rax                ; 13: paging off in 64-bit code.
    mov rax, r14
    or rax, 8
    attempt mov cr0, rax                ; 0: TS.
    low cr0
    attempt movaps xmm0, xmm0           ; 7
    clts
    attempt movaps xmm0, xmm0           ; 0
    low cr0
    mov eax, 0xe
    attempt lmsw ax                     ; 0: MP, EM, TS; PE stays.
    low cr0
    mov qword [0x5000], -1
    smsw [0x5000]
    mov rax, [0x5000]
    report_eax                          ; Two bytes of memory only.
    xor edx, edx
    mov rsi, 0x5000
    mov ecx, 2
    mov word [rsi + rcx * 4 + 0x10], 1
    attempt lmsw [rsi + rcx * 4 + 0x10] ; 0: back to PE alone.
    smsw rdx
    mov rax, rdx
    report_eax
    mov rdx, -1
    smsw dx
    shr rdx, 16
    low rdx                             ; The rest of the register is as it was.
    mov r13, -1
    mov r13, cr0
    shr r13, 32
    low r13                             ; All 64 bits are written.
    ; CR4
    mov r14, cr4
    mov rax, r14
    and rax, ~0x20
    attempt mov cr4, rax                ; 13: PAE is needed in long mode.
    mov rax, r14
    or rax, rbx
    attempt mov cr4, rax                ; 13
    mov rax, r14
    or rax, 1 << 12
    attempt mov cr4, rax                ; 13: five-level paging is not there.
    mov rax, r14
    or rax, 1 << 0
    attempt mov cr4, rax                ; 13: there are no virtual-8086 extensions.
    mov rax, r14
    or rax, 1 << 1
    attempt mov cr4, rax                ; 13: there are no virtual interrupts.
    mov rax, r14
    or rax, 1 << 4
    attempt mov cr4, rax                ; 0
    low cr4
    ; CR8
    mov eax, 11
    attempt mov cr8, rax                ; 0
    low cr8
    mov eax, 16
    attempt mov cr8, rax                ; 13
    low cr8
    attempt db 0xf0, 0x0f, 0x20, 0xc0   ; 6: LOCK MOV EAX, CR0
    ; Debug registers
    mov rax, 0x12345678a
    attempt mov dr3, rax                ; 0: all 64 bits
    mov rax, dr3
    shr rax, 32
    report_eax
    xor eax, eax
    attempt mov dr6, rax                ; 0
    low dr6
    mov eax, 0xffffdfff
    attempt mov dr7, rax                ; 0: every breakpoint there is, but not GD.
    low dr7
    mov rax, rbx
    attempt mov dr7, rax                ; 13
    mov eax, 0x400
    attempt mov dr7, rax
    attempt mov dr5, rax                ; 0: DR7 by its older name
    attempt mov dr4, rax                ; 0
    mov rax, cr4
    or rax, 8
    mov cr4, rax
    attempt mov rax, dr4                ; 6: debugging extensions
    attempt mov dr5, rax                ; 6
    mov eax, 0x2400
    mov dr7, rax
    attempt mov rax, dr0                ; 1: general detect
    low dr6
    low dr7
    ; A write that would enter VMX operation never completes.
    mov rax, cr4
    or rax, 1 << 13
    mov cr4, rax
    low 0xbad

on_vector:
    mov rsp, STACK_0
    report_eax
    jmp r15
    tables
